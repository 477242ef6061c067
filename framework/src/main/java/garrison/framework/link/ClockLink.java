// SPDX-License-Identifier: Apache-2.0
package garrison.framework.link;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import garrison.framework.libbpf.Handle;
import garrison.framework.libbpf.Libbpf;
import garrison.framework.libbpf.Libc;
import garrison.framework.object.Owner;
import garrison.spi.GarrisonException;
import garrison.spi.KernelException;
import garrison.spi.ProgramInfo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * A {@code SEC("perf_event")} program on the software clock of every CPU that is online when it is attached, each
 * {@value #PERIOD_MILLIS} ms of that CPU's time. An idle CPU's clock may rest.
 */
final class ClockLink implements Link {
    static final int PERIOD_MILLIS = 100;

    private static final Path ONLINE = Path.of("/sys/devices/system/cpu/online");
    /** struct perf_event_attr as of its first version: type, size, config, sample_period. */
    private static final int ATTRIBUTES_SIZE = 64;
    private static final int TYPE_SOFTWARE = 1;

    private final List<KernelLink> cpus;

    private ClockLink(List<KernelLink> cpus) {
        this.cpus = cpus;
    }

    /**
     * Attaches on every CPU, or on none.
     *
     * @param one makes the link of one perf event, which owns the descriptor from then on
     */
    static Link attach(Libbpf libbpf, ProgramInfo program, Owner owner, IntFunction<KernelLink> one) {
        List<KernelLink> links = new ArrayList<>();
        try {
            for (int cpu : online()) {
                int event = open(cpu);
                if (event < 0) {
                    throw new KernelException("plugin " + owner.plugin() + ": program " + program.name()
                            + ": no clock event for CPU " + cpu + " on kernel " + owner.kernelRelease() + ": "
                            + libbpf.words(event), -event);
                }
                try {
                    links.add(one.apply(event));
                } catch (RuntimeException e) {
                    Libc.close(event);
                    throw e;
                }
            }
            return new ClockLink(links);
        } catch (RuntimeException e) {
            links.forEach(Link::close);
            throw e;
        }
    }

    private static int open(int cpu) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment attributes = scratch.allocate(ATTRIBUTES_SIZE, 8);
            attributes.set(JAVA_INT, 0, TYPE_SOFTWARE);
            attributes.set(JAVA_INT, 4, ATTRIBUTES_SIZE);
            attributes.set(JAVA_LONG, 16, PERIOD_MILLIS * 1_000_000L);
            return Libc.perfEventOpen(attributes, -1, cpu);
        }
    }

    /** For example {@code 0-3,6}. */
    private static List<Integer> online() {
        try {
            List<Integer> cpus = new ArrayList<>();
            for (String range : Files.readString(ONLINE).strip().split(",")) {
                String[] ends = range.split("-");
                for (int cpu = Integer.parseInt(ends[0]); cpu <= Integer.parseInt(ends[ends.length - 1]); cpu++) {
                    cpus.add(cpu);
                }
            }
            return cpus;
        } catch (IOException | NumberFormatException e) {
            throw new GarrisonException(ONLINE + " does not tell the CPUs: " + e.getMessage() + "; mount /sys", e);
        }
    }

    @Override
    public String program() {
        return cpus.getFirst().program();
    }

    @Override
    public String kind() {
        return cpus.getFirst().kind();
    }

    @Override
    public String target() {
        return cpus.getFirst().target();
    }

    @Override
    public String strategy() {
        return cpus.getFirst().strategy();
    }

    /** Of the first CPU's. */
    @Override
    public long id() {
        return cpus.getFirst().id();
    }

    @Override
    public void pin(PinnedRun run) {
        for (int i = 0; i < cpus.size(); i++) {
            cpus.get(i).pin(run, program() + "-" + i);
        }
    }

    @Override
    public void leave(PinnedRun run) {
        pin(run);
        cpus.forEach(KernelLink::letGo);
    }

    @Override
    public byte[] readAll() {
        return cpus.getFirst().readAll();
    }

    @Override
    public void close() {
        cpus.forEach(Link::close);
    }
}
