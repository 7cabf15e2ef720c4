/**
 * Loaded before every test file: properties draw the same values on every run, so that a run that failed fails again, and
 * one that passed says something about the code and not about its luck. `ASSAY_PROPERTY_SEED` asks for other values.
 */
import fc from 'fast-check'

const DEFAULT_SEED = 20_261

const { ASSAY_PROPERTY_SEED } = process.env
fc.configureGlobal({ seed: ASSAY_PROPERTY_SEED === undefined ? DEFAULT_SEED : Number(ASSAY_PROPERTY_SEED) })
