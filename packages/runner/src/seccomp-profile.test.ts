import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createSeccompProfile } from './seccomp-profile.ts'

interface Profile {
  readonly defaultAction: string
  readonly architectures: readonly string[]
  readonly syscalls: readonly {
    readonly names: readonly string[]
    readonly action: string
    readonly args?: readonly { readonly value: number }[]
  }[]
}
const profile = JSON.parse(createSeccompProfile('x86_64')) as Profile
const unfiltered = profile.syscalls.filter((rule) => rule.action === 'SCMP_ACT_ALLOW' && rule.args === undefined)
const free = unfiltered.flatMap((rule) => rule.names)

describe('seccomp profile', () => {
  it('denies what it does not list, on the native ABI only', () => {
    assert.equal(profile.defaultAction, 'SCMP_ACT_ERRNO')
    assert.deepEqual(profile.architectures, ['SCMP_ARCH_X86_64'])
    assert.deepEqual((JSON.parse(createSeccompProfile('aarch64')) as Profile).architectures, ['SCMP_ARCH_AARCH64'])
  })

  it('lists each call once', () => {
    assert.equal(new Set(free).size, free.length)
    assert.ok(free.length > 200)
  })

  it('frees nothing that reaches the host, other processes or the kernel’s deep end', () => {
    const forbidden =
      'socket socketpair socketcall personality clone clone3 unshare setns mount umount2 pivot_root chroot ptrace process_vm_readv ' +
      'process_vm_writev keyctl add_key request_key bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register ' +
      'kexec_load init_module finit_module delete_module open_by_handle_at name_to_handle_at fanotify_init reboot swapon quotactl ' +
      'settimeofday clock_settime clock_adjtime adjtimex acct syslog iopl ioperm move_mount fsopen fsmount open_tree mount_setattr ' +
      'pidfd_getfd kcmp lookup_dcookie move_pages migrate_pages set_mempolicy mbind sethostname setdomainname vhangup modify_ldt'
    assert.deepEqual(
      forbidden.split(' ').filter((name) => free.includes(name)),
      [],
    )
  })

  it('opens sockets of three families only', () => {
    const families = profile.syscalls.filter((rule) => rule.names.includes('socket')).flatMap((rule) => rule.args ?? [])
    assert.deepEqual(
      families.map(({ value }) => value),
      [1, 2, 10],
    )
  })
})
