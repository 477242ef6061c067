// SPDX-License-Identifier: Apache-2.0
package garrison.framework.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Asks the kernel whether an LSM hook takes programs, by loading one that does nothing. The list of those that do not
 * ({@code bpf_lsm_disabled_hooks} in kernel/bpf/bpf_lsm.c) cannot be read and grows in stable releases too.
 */
@FunctionalInterface
interface HookTrial {
    /** r0 = 0; exit: allowed by every hook, of those that return a verdict and of those that return nothing. */
    byte[] DO_NOTHING = {(byte) 0xb7, 0, 0, 0, 0, 0, 0, 0, (byte) 0x95, 0, 0, 0, 0, 0, 0, 0};

    /** Knows nothing. */
    HookTrial NONE = _ -> Optional.empty();

    /**
     * Whether a program loads for a hook.
     *
     * @param function BTF id of the hook's function
     * @return empty if the kernel does not let this process try
     */
    Optional<Boolean> loads(int function);

    /**
     * Whether a sleepable program loads for a hook that takes programs.
     *
     * @param function BTF id of the hook's function
     * @return empty if the kernel does not let this process try
     */
    default Optional<Boolean> loadsSleepable(int function) {
        return Optional.empty();
    }

    /** A trial by real loads. */
    static HookTrial with(Libbpf libbpf) {
        return new HookTrial() {
            @Override
            public Optional<Boolean> loads(int function) {
                return attempt(libbpf, function, 0);
            }

            @Override
            public Optional<Boolean> loadsSleepable(int function) {
                int sleepable = 1 << 4;
                return attempt(libbpf, function, sleepable);
            }
        };
    }

    private static Optional<Boolean> attempt(Libbpf libbpf, int function, int flags) {
        int programLsm = 29;
        int attachLsmMac = 27;
        int optionsSize = 104;
        int eperm = 1;
        try (Arena arena = Arena.ofConfined()) {
            // struct bpf_prog_load_opts: sz at 0, expected_attach_type at 12, prog_flags at 20, attach_btf_id at 32.
            MemorySegment options = arena.allocate(optionsSize, 8);
            options.set(JAVA_LONG, 0, optionsSize);
            options.set(JAVA_INT, 12, attachLsmMac);
            options.set(JAVA_INT, 20, flags);
            options.set(JAVA_INT, 32, function);
            int fd = libbpf.progLoad(programLsm, arena.allocateFrom("garrison_trial"), arena.allocateFrom("GPL"),
                    arena.allocateFrom(JAVA_BYTE, DO_NOTHING), options);
            if (fd >= 0) {
                Libc.close(fd);
            }
            return fd == -eperm ? Optional.empty() : Optional.of(fd >= 0);
        }
    }
}
