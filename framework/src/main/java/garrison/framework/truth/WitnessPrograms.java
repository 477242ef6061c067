// SPDX-License-Identifier: Apache-2.0
package garrison.framework.truth;

import garrison.framework.kernel.RunningKernel;
import garrison.framework.light.OwnObjects;
import garrison.framework.link.Link;
import garrison.framework.object.LoadedBpfObject;
import garrison.spi.Answer;
import garrison.spi.GarrisonException;
import garrison.spi.KernelException;
import garrison.spi.ProgramInfo;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;

/**
 * The programs of {@code truth.bpf.c}. One thread attaches, the heartbeat's looks.
 *
 * <p>Minimum kernel 5.14 (a program run on demand).
 */
final class WitnessPrograms implements AutoCloseable {
    private static final String HOOK = "task_prctl";
    private static final String FUNCTION = "security_task_prctl";
    private static final String THREAD = "truth_thread";
    private static final String ACT = "truth_act";
    private static final byte[] FIRST = new byte[Integer.BYTES];

    private final LoadedBpfObject object;
    private final LongFunction<Instant> clock;
    private Link act;
    private final Map<Mechanism, Link> links = new ConcurrentHashMap<>();

    private WitnessPrograms(LoadedBpfObject object, LongFunction<Instant> clock) {
        this.object = object;
        this.clock = clock;
    }

    /**
     * Loads what this kernel has places for.
     *
     * @param clock from nanoseconds since boot
     * @throws GarrisonException if the kernel refuses
     */
    static WitnessPrograms load(OwnObjects own, LongFunction<Instant> clock) {
        RunningKernel kernel = own.kernel();
        boolean function = !(kernel.function(FUNCTION) instanceof Answer.No);
        return new WitnessPrograms(own.read("truth.bpf.o").load(open -> {
            open.load(nameOf(Mechanism.LSM), kernel.lsmHook(HOOK).isPresent());
            open.load(nameOf(Mechanism.TRAMPOLINE), function);
            open.load(nameOf(Mechanism.KPROBE), function);
        }), clock);
    }

    /**
     * Attaches the tracepoint.
     *
     * @throws GarrisonException if the kernel refuses
     */
    void begin() {
        if (act == null) {
            act = object.attach(program(ACT));
        }
    }

    private static String nameOf(Mechanism mechanism) {
        return "truth_" + mechanism.word();
    }

    private ProgramInfo program(String name) {
        return object.programs().stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow(() ->
                new GarrisonException("kernel " + object.owner().kernelRelease() + " has neither the LSM hook " + HOOK
                        + " nor the function " + FUNCTION + " by which Garrison sees that programs run"));
    }

    /**
     * Attaches a mechanism's program, once.
     *
     * @throws GarrisonException if this kernel has no place for it, or refuses
     */
    void attach(Mechanism mechanism) {
        if (!links.containsKey(mechanism)) {
            links.put(mechanism, object.attach(program(nameOf(mechanism))));
        }
    }

    /** The mechanisms whose programs are attached. */
    Set<Mechanism> attached() {
        EnumSet<Mechanism> all = EnumSet.noneOf(Mechanism.class);
        all.addAll(links.keySet());
        return all;
    }

    /** From now on the calling thread's acts count. */
    void thisThread() {
        int result = object.run(THREAD, new byte[0]);
        if (result != 0) {
            throw new KernelException("program " + THREAD + " ended with " + result + " on kernel "
                    + object.owner().kernelRelease(), 0);
        }
    }

    Beats look() {
        return Beats.of(object.map("beats").lookup(FIRST).orElseThrow());
    }

    /** When the last act of these was. */
    Instant time(Beats beats) {
        return clock.apply(beats.actsNanos());
    }

    @Override
    public void close() {
        links.values().forEach(Link::close);
        links.clear();
        if (act != null) {
            act.close();
            act = null;
        }
        object.close();
    }
}
