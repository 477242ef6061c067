// SPDX-License-Identifier: Apache-2.0
package garrison.framework.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.LibbpfLog;
import garrison.framework.libbpf.Libc;
import garrison.framework.object.Owner;
import garrison.spi.KernelException;
import garrison.spi.ProgramInfo;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/**
 * A link. Its methods exclude each other, so that none uses the descriptor of a link that is closed. An
 * LSM or tracing link cannot be given another program: programs are swapped by attaching the next before closing this one.
 * The descriptor is closed at exec; a child that was forked and never execs would hold the program attached.
 */
public final class KernelLink implements Link {
    /** struct bpf_link_info: type, id, prog_id and a union. */
    private static final int INFO_SIZE = 64;
    private static final long INFO_ID = 4;
    private static final int CHUNK = 64 << 10;

    private final Libbpf libbpf;
    private final HeldLink link;
    private final ProgramInfo program;
    private final Strategy strategy;
    private final Owner owner;
    private final long id;
    private PinnedRun pins;
    private String pinName;
    private boolean closed;

    private KernelLink(Libbpf libbpf, HeldLink link, ProgramInfo program, Owner owner, Strategy strategy) {
        this.libbpf = libbpf;
        this.link = link;
        this.program = program;
        this.owner = owner;
        this.strategy = strategy;
        this.id = readId();
    }

    /**
     * Attaches an iterator with a filter.
     *
     * @param loaded of an object that stays open during the call
     * @param filter {@code union bpf_iter_link_info}
     * @throws KernelException if the kernel refuses
     */
    public static Link attach(Libbpf libbpf, LoadedProgram loaded, ProgramInfo program, Owner owner, MemorySegment filter) {
        return attach(libbpf, loaded, program, owner, new Strategy.Declared(), () -> loaded.attachIterator(filter));
    }

    /**
     * Attaches a program where the strategy says.
     *
     * @param loaded of an object that stays open during the call; a stand-in itself
     * @throws KernelException if the kernel refuses
     */
    public static Link attach(Libbpf libbpf, LoadedProgram loaded, ProgramInfo program, Owner owner, Strategy strategy) {
        return switch (strategy.kind(program)) {
            case "perf_event" -> ClockLink.attach(libbpf, program, owner, event ->
                    attach(libbpf, loaded, program, owner, strategy, () -> loaded.attachPerfEvent(event)));
            case "cgroup" -> {
                int cgroup = RootCgroup.open();
                try {
                    yield attach(libbpf, loaded, program, owner, strategy, () -> loaded.attachCgroup(cgroup));
                } finally {
                    Libc.close(cgroup);
                }
            }
            default -> attach(libbpf, loaded, program, owner, strategy,
                    strategy instanceof Strategy.Elsewhere ? loaded::attachTrace : loaded::attach);
        };
    }

    /**
     * Attaches a kprobe inside a function.
     *
     * @param loaded of an object that stays open during the call
     * @param offset in bytes, from the function's start
     * @param cookie for {@code bpf_get_attach_cookie()}
     * @throws KernelException if the kernel refuses
     * @since kernel 5.15
     */
    public static Link attachAt(Libbpf libbpf, LoadedProgram loaded, ProgramInfo program, Owner owner, String function, long offset,
            long cookie) {
        return attach(libbpf, loaded, program, owner, new Strategy.Elsewhere("kprobe", function + "+" + offset),
                () -> loaded.attachKprobe(function, offset, cookie));
    }

    private static KernelLink attach(Libbpf libbpf, LoadedProgram loaded, ProgramInfo program, Owner owner, Strategy strategy,
            Supplier<HeldLink> attach) {
        try (LibbpfLog log = LibbpfLog.begin()) {
            HeldLink link = attach.get();
            if (link.errno() != 0) {
                String holders = link.errno() == Libc.E2BIG ? HookHolders.words(libbpf, loaded.fd()) : "";
                throw new KernelException("plugin " + owner.plugin() + ": program " + program.name() + " cannot be attached to "
                        + describe(program, strategy) + " on kernel " + owner.kernelRelease() + ": " + libbpf.words(link.errno())
                        + " (errno " + link.errno() + ")" + reason(program, link.errno(), holders) + log.appendix(), link.errno());
            }
            return new KernelLink(libbpf, link, program, owner, strategy);
        }
    }

    private static String describe(ProgramInfo program, Strategy strategy) {
        if (!(strategy instanceof Strategy.Declared)) {
            return strategy.words(program);
        }
        return switch (program.kind()) {
            case "lsm" -> "the LSM hook " + program.target();
            case "iter" -> "the iterator " + program.target();
            default -> program.section();
        };
    }

    /** What the bare errno means here. */
    private static String reason(ProgramInfo program, int errno, String holders) {
        return switch (errno) {
            case Libc.E2BIG -> "; at most 38 trampoline programs per hook (fewer on some kernels, whose code for them fills its"
                    + " page first), and " + program.target() + " is full: stop another plugin that uses it"
                    + (holders.isEmpty() ? " (bpftool link shows them)" : ". " + holders);
            case Libc.EPERM -> "; attaching needs root (CAP_BPF and CAP_PERFMON), and something may forbid it: lockdown,"
                    + " another BPF LSM program";
            case Libc.ENOENT -> "; this kernel has no such place to attach to";
            case Libc.ENOTSUP -> program.kind().equals("syscall") ? "; a syscall program is run, not attached" : "";
            default -> "";
        };
    }

    private long readId() {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment info = scratch.allocate(INFO_SIZE, 8);
            // A perf-event link of an old kind has no id: then it has none, and is none the worse.
            return libbpf.infoByFd(link.fd(), info) < 0 ? 0 : Integer.toUnsignedLong(info.get(JAVA_INT, INFO_ID));
        }
    }

    @Override
    public String program() {
        return program.name();
    }

    @Override
    public String kind() {
        return program.kind();
    }

    @Override
    public String target() {
        return program.target();
    }

    @Override
    public String strategy() {
        return strategy.words(program);
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public void pin(PinnedRun run) {
        pin(run, program.name());
    }

    /** Pins one of the several links of a program under a name of its own. */
    synchronized void pin(PinnedRun run, String name) {
        if (closed || pins != null) {
            throw new IllegalStateException("program " + program.name() + (closed ? " is detached" : " is pinned already"));
        }
        run.pinLink(name, link.fd());
        pins = run;
        pinName = name;
    }

    @Override
    public synchronized void leave(PinnedRun run) {
        pin(run);
        letGo();
    }

    /** Closes the descriptor of a link whose name stays. */
    synchronized void letGo() {
        pins = null;
        close();
    }

    @Override
    public synchronized byte[] readAll() {
        if (closed || !program.kind().equals("iter")) {
            throw new IllegalStateException("program " + program.name() + (closed ? " is detached" : " is no iterator"));
        }
        int fd = libbpf.iterCreate(link.fd());
        if (fd < 0) {
            throw failed("cannot be started", fd);
        }
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment chunk = scratch.allocate(CHUNK);
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            while (true) {
                long length = Libc.read(fd, chunk, CHUNK);
                if (length == 0) {
                    return all.toByteArray();
                }
                // EAGAIN: the kernel gave the CPU away in the middle of a long walk and wants to be asked again.
                if (length < 0 && length != -Libc.EINTR && length != -Libc.EAGAIN) {
                    throw failed("cannot be read", (int) length);
                }
                if (length > 0) {
                    all.writeBytes(chunk.asSlice(0, length).toArray(JAVA_BYTE));
                }
            }
        } finally {
            Libc.close(fd);
        }
    }

    private KernelException failed(String what, int result) {
        return new KernelException("plugin " + owner.plugin() + ": program " + program.name() + " " + what + " on kernel "
                + owner.kernelRelease() + ": " + libbpf.words(result) + " (errno " + -result + ")", -result);
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            try {
                if (pins != null) {
                    pins.unpinLink(pinName);
                }
            } finally {
                int result = link.release().getAsInt();
                if (result < 0) {
                    throw failed("could not be detached", result);
                }
            }
        }
    }
}
