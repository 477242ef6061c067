// SPDX-License-Identifier: Apache-2.0
package garrison.framework;

import garrison.spi.ActualMode;
import garrison.spi.Answer;
import garrison.spi.Mode;
import garrison.spi.PluginState;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What a Garrison is doing, at one moment. Nothing in it changes afterwards.
 *
 * @param kernel the running kernel
 * @param mechanisms whether the kernel runs what is attached, as far as plugins depend on it; empty while none runs
 * @param plugins the plugins present, by name
 * @param absent names configured below {@code garrison.plugins} for which no plugin is present (it may still come)
 * @param listeners who hears events, in the order they came
 * @param trust whose objects are loaded
 */
public record Status(Kernel kernel, List<MechanismStatus> mechanisms, List<PluginStatus> plugins, List<String> absent,
        List<ListenerStatus> listeners, Trust trust) {
    /**
     * Facts of the kernel and the library.
     *
     * @param release as {@code uname -r} prints it
     * @param activeLsms the security modules in calling order; empty when unknown
     * @param bpfLsm whether BPF LSM programs can fire here
     * @param libbpf the version of the libbpf in use, for example {@code v1.1}
     */
    public record Kernel(String release, List<String> activeLsms, Answer bpfLsm, String libbpf) {}

    /**
     * One of the kernel's ways to run programs, by trial four times a second.
     *
     * @param mechanism {@code lsm}, {@code trampoline} (fmod_ret, fentry, fexit) or {@code kprobe}
     * @param runs {@code yes}, {@code no} or {@code unknown}
     * @param since when that was first seen
     * @param lastRun when a program was last seen to run; null if never
     * @param reason why not, or what brought it back
     */
    public record MechanismStatus(String mechanism, String runs, Instant since, Instant lastRun, String reason) {}

    /**
     * One plugin.
     *
     * @param name its name
     * @param state where it is in its life
     * @param reason the whole message for FAILED; why not running for DISABLED and STOPPED; what is wrong (or empty) for ACTIVE
     * @param mode the mode requested
     * @param actual what its programs really do; equal by name to {@code mode} when all is well; null unless ACTIVE
     * @param shortfall why {@code actual} is another one; else empty
     * @param since when it entered this state
     * @param object the object in use; empty when none is loaded
     * @param checkedBy who checked its signature: Garrison, or the kernel too, and why not; empty when nobody is to sign
     * @param attached the programs attached now, by name
     * @param events counts of this run
     * @param figures what the plugin tells about itself, in its order
     * @param budget what its programs cost and may cost
     * @param denials how often this run refused, by hook; hooks where it did
     * @param unseen what others refuse before this plugin, which only observes, is asked; else empty
     */
    public record PluginStatus(String name, PluginState state, String reason, Mode mode, ActualMode actual, String shortfall,
            Instant since, String object, String checkedBy, List<AttachedProgram> attached, EventCounts events, Map<String, String> figures,
            BudgetStatus budget, Map<String, Long> denials, String unseen) {
        /** The same, of a plugin that does not see everything. */
        public PluginStatus withUnseen(String words) {
            return new PluginStatus(name, state, reason, mode, actual, shortfall, since, object, checkedBy, attached, events, figures, budget, denials, words);
        }
    }

    /**
     * A program in its place.
     *
     * @param program its name
     * @param kind {@code lsm}, {@code fmod_ret}, …
     * @param hook the hook or function
     * @param strategy how it is attached on this kernel: {@code lsm}, {@code lsm.s}, {@code fmod_ret/security_file_open}, …
     * @param link the kernel's id of the link, as bpftool shows it; of two at one hook the one with the higher id is asked first
     */
    public record AttachedProgram(String program, String kind, String hook, String strategy, long link) {}

    /**
     * Records of one run. {@code sent} equals {@code received} plus {@code dropped} once the ring is drained.
     *
     * @param sent records the programs wanted to tell, as of the last look at the kernel's counters (once a second)
     * @param received records taken off the ring
     * @param dropped records for which the ring had no room
     * @param unbound received, but of a type nobody bound
     * @param failed received, but the plugin's handler threw
     * @param sampledOut neither sent nor dropped: never written, since the plugin is over its budget
     */
    public record EventCounts(long sent, long received, long dropped, long unbound, long failed, long sampledOut) {
        /** Before the first record. */
        public static final EventCounts NONE = new EventCounts(0, 0, 0, 0, 0, 0);
    }

    /**
     * What a plugin's programs cost, by the kernel's statistics, which are on for a window now and then.
     *
     * @param nsPerEvent what a run of a program may cost, in nanoseconds; 0 for no limit
     * @param onOverrun what is done when one costs more: {@code report}, {@code sample}, {@code demote}, {@code detach}
     * @param over whether one does
     * @param sampling one record of so many is written; 1: all
     * @param programs those that ran in a window, by name
     */
    public record BudgetStatus(long nsPerEvent, String onOverrun, boolean over, int sampling, List<ProgramCost> programs) {
        /** Before the first window. */
        public static final BudgetStatus NONE = new BudgetStatus(0, "report", false, 1, List.of());
    }

    /**
     * What one program cost in the last window in which it ran.
     *
     * @param program its name
     * @param hook its hook or function
     * @param runs in that window
     * @param nsPerRun their mean, in nanoseconds
     */
    public record ProgramCost(String program, String hook, long runs, long nsPerRun) {}

    /**
     * One listener.
     *
     * @param name as given, or its class
     * @param delivered events it was called with
     * @param queued events waiting for it
     * @param lost events for which its queue had no room
     */
    public record ListenerStatus(String name, long delivered, int queued, long lost) {}

    /**
     * The signatures that objects need.
     *
     * @param required whether an object without a good signature is refused
     * @param anchors who may sign: subject, fingerprint and file of each certificate; empty when signatures are not looked at
     * @param revoked how many certificates and objects are named as revoked
     * @param own who checked the framework's own objects, by the names of those that were loaded; empty when signatures are not looked at
     */
    public record Trust(boolean required, List<String> anchors, int revoked, Map<String, String> own) {}

    /** Copies the lists. */
    public Status {
        mechanisms = List.copyOf(mechanisms);
        plugins = List.copyOf(plugins);
        absent = List.copyOf(absent);
        listeners = List.copyOf(listeners);
    }
}
