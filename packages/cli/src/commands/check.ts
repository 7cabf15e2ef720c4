import type { AddCommand } from './add-command.ts'
export const addCheck: AddCommand = () => undefined
