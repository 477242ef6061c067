// SPDX-License-Identifier: Apache-2.0
package garrison.framework.light;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import garrison.framework.libbpf.BpfCalls;
import garrison.framework.libbpf.Libc;
import garrison.framework.link.HeldLink;
import garrison.framework.link.LoadedProgram;
import garrison.spi.ProgramInfo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A program that a signed one loaded: libbpf does not know it, so it is attached by the kernel's own calls.
 *
 * @param fd its descriptor
 * @param info its name and section
 * @param kind its type
 */
record SignedProgram(int fd, ProgramInfo info, ProgramKind kind) implements LoadedProgram {
    private static final int PERF_EVENT = 41;
    private static final int ITERATOR = 28;
    /** {@code PERF_TYPE_TRACEPOINT}. */
    private static final int TYPE_TRACEPOINT = 2;
    private static final Path PROBES = Path.of("/sys/bus/event_source/devices/kprobe");
    /** struct perf_event_attr as of its second version, up to config2. */
    private static final int EVENT_SIZE = 72;

    @Override
    public HeldLink attach() {
        return HeldLink.of(switch (info.kind()) {
            case "raw_tp", "raw_tracepoint" -> BpfCalls.openRawTracepoint(info.target(), fd);
            case "kprobe", "kretprobe" -> {
                int plus = info.target().indexOf('+');
                yield plus < 0 ? probe(info.target(), 0, 0)
                        : probe(info.target().substring(0, plus), Long.decode(info.target().substring(plus + 1)), 0);
            }
            case "tp", "tracepoint" -> tracepoint();
            case "syscall" -> -Libc.ENOTSUP;
            default -> BpfCalls.createLink(fd, 0, kind.attachType(), 0, 0);
        });
    }

    /** Its type says what it is verified against, and that was signed. */
    @Override
    public HeldLink attachTrace() {
        return HeldLink.failed(Libc.ENOTSUP);
    }

    @Override
    public HeldLink attachIterator(MemorySegment filter) {
        return HeldLink.of(BpfCalls.createLink(fd, 0, ITERATOR, filter.address(), (int) filter.byteSize()));
    }

    @Override
    public HeldLink attachCgroup(int cgroup) {
        return HeldLink.of(BpfCalls.createLink(fd, cgroup, kind.attachType(), 0, 0));
    }

    /** The link holds the event by itself. */
    @Override
    public HeldLink attachPerfEvent(int event) {
        int link = BpfCalls.createLink(fd, event, PERF_EVENT, 0, 0);
        if (link >= 0) {
            Libc.close(event);
        }
        return HeldLink.of(link);
    }

    @Override
    public HeldLink attachKprobe(String function, long offset, long cookie) {
        return HeldLink.of(probe(function, offset, cookie));
    }

    private int probe(String function, long offset, long cookie) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment attributes = scratch.allocate(EVENT_SIZE, 8);
            attributes.set(JAVA_INT, 0, number(PROBES.resolve("type")));
            if (info.kind().equals("kretprobe")) {
                // "config:0": which bit says that it is the return.
                String bit = line(PROBES.resolve("format/retprobe")).replace("config:", "");
                attributes.set(JAVA_LONG, 8, 1L << Integer.parseInt(bit));
            }
            attributes.set(JAVA_LONG, 56, scratch.allocateFrom(function).address());
            attributes.set(JAVA_LONG, 64, offset);
            return event(attributes, cookie);
        } catch (IOException e) {
            // A kernel without kprobes, or without sysfs.
            return -Libc.ENOENT;
        }
    }

    private int tracepoint() {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment attributes = scratch.allocate(EVENT_SIZE, 8);
            attributes.set(JAVA_INT, 0, TYPE_TRACEPOINT);
            attributes.set(JAVA_LONG, 8, number(events().resolve(info.target()).resolve("id")));
            return event(attributes, 0);
        } catch (IOException e) {
            // No such tracepoint, or tracefs is not mounted.
            return -Libc.ENOENT;
        }
    }

    private static Path events() {
        Path older = Path.of("/sys/kernel/debug/tracing/events");
        Path own = Path.of("/sys/kernel/tracing/events");
        return Files.isDirectory(own) ? own : older;
    }

    private static int number(Path file) throws IOException {
        return Integer.parseInt(line(file));
    }

    private static String line(Path file) throws IOException {
        return Files.readAllLines(file).getFirst().strip();
    }

    /** The link holds the event by itself. */
    private int event(MemorySegment attributes, long cookie) {
        attributes.set(JAVA_INT, 4, EVENT_SIZE);
        int event = Libc.perfEventOpen(attributes, -1, 0);
        if (event < 0) {
            return event;
        }
        int link = BpfCalls.createLink(fd, event, PERF_EVENT, cookie, 0);
        Libc.close(event);
        return link;
    }
}
