/**
 * The system calls a job may make. An allow list of our own: the engine's default lets io_uring, vsock, netlink and
 * ptrace through on releases still in use, and changes from release to release.
 */

/** The profile as the JSON text that the engine takes in `SecurityOpt`. `architecture` as the engine names it. */
export function createSeccompProfile(architecture: string): string {
  return JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    // Only the native ABI: a 32-bit call would go around the argument filters below, so it ends the process.
    architectures: [architecture === 'aarch64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64'],
    syscalls: [
      { names: allowed, action: allow },
      ...[addressFamily.unix, addressFamily.inet, addressFamily.inet6].map((family) => ({
        names: ['socket'],
        action: allow,
        args: [{ index: 0, value: family, op: 'SCMP_CMP_EQ' }],
      })),
      { names: ['socketpair'], action: allow, args: [{ index: 0, value: addressFamily.unix, op: 'SCMP_CMP_EQ' }] },
      ...personalities.map((value) => ({
        names: ['personality'],
        action: allow,
        args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }],
      })),
      // Processes and threads, never new namespaces.
      {
        names: ['clone'],
        action: allow,
        args: [{ index: 0, value: newNamespaces, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
      },
      // Its flags lie in memory where a filter cannot read them; "not implemented" makes libc fall back to clone.
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: notImplemented },
    ],
  })
}

const allow = 'SCMP_ACT_ALLOW'
const notImplemented = 38
const addressFamily = { unix: 1, inet: 2, inet6: 10 } as const
/** CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}. */
const newNamespaces = 0x7e02_0000
/** Linux, Linux without address randomisation (what the stub sets), and the question "which is it?". */
const personalities = [0x0, 0x004_0000, 0xffff_ffff]

/** By subject, so that a reader can see what a job is able to do. */
// prettier-ignore
const allowed = [
  // Files and directories.
  'access', 'chdir', 'chmod', 'chown', 'close', 'close_range', 'copy_file_range', 'creat', 'dup', 'dup2', 'dup3',
  'faccessat', 'faccessat2', 'fadvise64', 'fallocate', 'fchdir', 'fchmod', 'fchmodat', 'fchmodat2', 'fchown', 'fchownat',
  'fcntl', 'fdatasync', 'fgetxattr', 'flistxattr', 'flock', 'fremovexattr', 'fsetxattr', 'fstat', 'fstatfs', 'fsync',
  'ftruncate', 'futimesat', 'getcwd', 'getdents', 'getdents64', 'getxattr', 'inotify_add_watch', 'inotify_init',
  'inotify_init1', 'inotify_rm_watch', 'ioctl', 'lchown', 'lgetxattr', 'link', 'linkat', 'listxattr', 'llistxattr',
  'lremovexattr', 'lseek', 'lsetxattr', 'lstat', 'mkdir', 'mkdirat', 'mknod', 'mknodat', 'newfstatat', 'open', 'openat',
  'openat2', 'pread64', 'preadv', 'preadv2', 'pwrite64', 'pwritev', 'pwritev2', 'read', 'readahead', 'readlink',
  'readlinkat', 'readv', 'removexattr', 'rename', 'renameat', 'renameat2', 'rmdir', 'sendfile', 'setxattr', 'splice',
  'stat', 'statfs', 'statx', 'symlink', 'symlinkat', 'sync', 'sync_file_range', 'syncfs', 'tee', 'truncate', 'umask',
  'unlink', 'unlinkat', 'utime', 'utimensat', 'utimes', 'vmsplice', 'write', 'writev',
  // Pipes, polling, notification.
  'epoll_create', 'epoll_create1', 'epoll_ctl', 'epoll_ctl_old', 'epoll_pwait', 'epoll_pwait2', 'epoll_wait',
  'epoll_wait_old', 'eventfd', 'eventfd2', 'pipe', 'pipe2', 'poll', 'ppoll', 'pselect6', 'select', 'signalfd',
  'signalfd4', 'timerfd_create', 'timerfd_gettime', 'timerfd_settime', 'io_cancel', 'io_destroy', 'io_getevents',
  'io_pgetevents', 'io_setup', 'io_submit',
  // Memory.
  'brk', 'madvise', 'membarrier', 'memfd_create', 'mincore', 'mlock', 'mlock2', 'mlockall', 'mmap', 'mprotect', 'mremap',
  'mseal', 'msync', 'munlock', 'munlockall', 'munmap', 'pkey_alloc', 'pkey_free', 'pkey_mprotect', 'remap_file_pages',
  'map_shadow_stack', 'cachestat',
  // Processes, threads, scheduling.
  'arch_prctl', 'execve', 'execveat', 'exit', 'exit_group', 'fork', 'futex', 'futex_requeue', 'futex_wait',
  'futex_waitv', 'futex_wake', 'get_robust_list', 'get_thread_area', 'getcpu', 'getpgid', 'getpgrp', 'getpid',
  'getppid', 'getpriority', 'getrlimit', 'getrusage', 'getsid', 'gettid', 'ioprio_get', 'ioprio_set', 'kill',
  'pidfd_open', 'pidfd_send_signal', 'prctl', 'prlimit64', 'restart_syscall', 'rseq', 'sched_get_priority_max',
  'sched_get_priority_min', 'sched_getaffinity', 'sched_getattr', 'sched_getparam', 'sched_getscheduler',
  'sched_rr_get_interval', 'sched_setaffinity', 'sched_setattr', 'sched_setparam', 'sched_setscheduler', 'sched_yield',
  'set_robust_list', 'set_thread_area', 'set_tid_address', 'setpgid', 'setpriority', 'setrlimit', 'setsid', 'tgkill',
  'times', 'tkill', 'vfork', 'wait4', 'waitid', 'riscv_hwprobe',
  // Signals and time.
  'alarm', 'clock_getres', 'clock_gettime', 'clock_nanosleep', 'getitimer', 'gettimeofday', 'nanosleep', 'pause',
  'rt_sigaction', 'rt_sigpending', 'rt_sigprocmask', 'rt_sigqueueinfo', 'rt_sigreturn', 'rt_sigsuspend',
  'rt_sigtimedwait', 'rt_tgsigqueueinfo', 'setitimer', 'sigaltstack', 'time', 'timer_create', 'timer_delete',
  'timer_getoverrun', 'timer_gettime', 'timer_settime',
  // Sockets: local ones work, and there is no network to reach. `socket` itself is filtered by family.
  'accept', 'accept4', 'bind', 'connect', 'getpeername', 'getsockname', 'getsockopt', 'listen', 'recvfrom', 'recvmmsg',
  'recvmsg', 'sendmmsg', 'sendmsg', 'sendto', 'setsockopt', 'shutdown',
  // Identity: what a program without capabilities may ask and drop.
  'capget', 'capset', 'getegid', 'geteuid', 'getgid', 'getgroups', 'getresgid', 'getresuid', 'getuid', 'setfsgid',
  'setfsuid', 'setgid', 'setgroups', 'setregid', 'setresgid', 'setresuid', 'setreuid', 'setuid',
  // The machine, read only, and confining oneself further.
  'getrandom', 'landlock_add_rule', 'landlock_create_ruleset', 'landlock_restrict_self', 'seccomp', 'sysinfo', 'uname',
  // System V IPC: private to the container.
  'msgctl', 'msgget', 'msgrcv', 'msgsnd', 'mq_getsetattr', 'mq_notify', 'mq_open', 'mq_timedreceive', 'mq_timedsend',
  'mq_unlink', 'semctl', 'semget', 'semop', 'semtimedop', 'shmat', 'shmctl', 'shmdt', 'shmget',
]
