// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

import garrison.spi.ObjectFormatException;
import garrison.spi.ProgramInfo;
import java.util.Optional;

/**
 * What the kernel is told of a program besides its instructions, by {@code enum bpf_prog_type} and {@code enum bpf_attach_type}.
 *
 * @param type the program's type
 * @param attachType what it is to be attached to; 0 where its type says so
 * @param prefix before the name of the function that it is verified against
 * @param definition whether that name is of a typedef, not of a function
 */
record ProgramKind(int type, int attachType, Optional<String> prefix, boolean definition) {
    static final int SYSCALL = 31;
    private static final int KPROBE = 2;
    private static final int TRACEPOINT = 5;
    private static final int PERF_EVENT = 7;
    private static final int RAW_TRACEPOINT = 17;
    private static final int CGROUP_SYSCTL = 23;
    private static final int TRACING = 26;
    private static final int LSM = 29;

    /**
     * The kind of a program.
     *
     * @throws ObjectFormatException if a light skeleton has none of its kind
     */
    static ProgramKind of(String object, ProgramInfo program) {
        return switch (program.kind()) {
            case "lsm" -> new ProgramKind(LSM, 27, Optional.of("bpf_lsm_"), false);
            case "fentry" -> new ProgramKind(TRACING, 24, Optional.of(""), false);
            case "fexit" -> new ProgramKind(TRACING, 25, Optional.of(""), false);
            case "fmod_ret" -> new ProgramKind(TRACING, 26, Optional.of(""), false);
            case "tp_btf" -> new ProgramKind(TRACING, 23, Optional.of("btf_trace_"), true);
            case "iter" -> new ProgramKind(TRACING, 28, Optional.of("bpf_iter_"), false);
            case "raw_tp", "raw_tracepoint" -> plain(RAW_TRACEPOINT, 0);
            case "kprobe", "kretprobe" -> plain(KPROBE, 0);
            case "tp", "tracepoint" -> plain(TRACEPOINT, 0);
            case "perf_event" -> plain(PERF_EVENT, 0);
            case "cgroup" -> {
                if (!program.target().equals("sysctl")) {
                    throw none(object, program);
                }
                yield plain(CGROUP_SYSCTL, 18);
            }
            case "syscall" -> plain(SYSCALL, 0);
            default -> throw none(object, program);
        };
    }

    private static ProgramKind plain(int type, int attachType) {
        return new ProgramKind(type, attachType, Optional.empty(), false);
    }

    private static ObjectFormatException none(String object, ProgramInfo program) {
        return new ObjectFormatException(object, "program " + program.name() + " (" + program.section() + "): a light skeleton has programs"
                + " of the kinds lsm, fentry, fexit, fmod_ret, tp_btf, raw_tp, tp, iter, kprobe, kretprobe, perf_event, cgroup/sysctl and"
                + " syscall; sign the object without one");
    }
}
