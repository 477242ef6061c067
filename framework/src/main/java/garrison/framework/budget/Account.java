// SPDX-License-Identifier: Apache-2.0
package garrison.framework.budget;

import garrison.framework.Status.BudgetStatus;
import garrison.framework.Status.ProgramCost;
import garrison.framework.object.LoadedBpfObject;
import garrison.framework.object.ProgramRuns;
import garrison.spi.Budget;
import garrison.spi.OnOverrun;
import garrison.spi.ProgramInfo;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the programs of one run of a plugin cost, window by window, and whether they keep to their budget. A program is over it when it
 * was in {@value #WINDOWS} windows in a row that it ran often enough in: one long run, or one disturbed window, is not. Safe for
 * use by several threads.
 */
public final class Account {
    private static final int WINDOWS = 2;
    /** Of one step of sampling, and of all of them together. */
    private static final int STEP = 4;
    private static final int MOST = 1024;

    private final LoadedBpfObject object;
    private final Map<String, ProgramRuns> before = new HashMap<>();
    private final Map<String, ProgramCost> costs = new TreeMap<>();
    /** Windows in a row in which a program was over the budget. */
    private final Map<String, Integer> streaks = new HashMap<>();
    private Budget budget;
    private boolean over;
    private int sampling = 1;
    private int sinceStep;
    private int calm;

    /** Nothing is measured yet. */
    public Account(LoadedBpfObject object, Budget budget) {
        this.object = object;
        this.budget = budget;
    }

    /** Begins anew with another budget, or the same: nothing is sampled. */
    public synchronized void budget(Budget next) {
        budget = next;
        streaks.clear();
        over = false;
        sampling = 1;
        sinceStep = 0;
        calm = 0;
    }

    /** One record of so many is to be written; 1: all. */
    public synchronized int sampling() {
        return sampling;
    }

    /** A window begins; the statistics are on. */
    public synchronized void open() {
        before.clear();
        for (ProgramInfo program : object.programs()) {
            before.put(program.name(), object.runs(program.name()));
        }
    }

    /**
     * A window ends; the statistics are still on.
     *
     * @param minRuns programs that ran less often are not judged
     * @return what is to be told, if anything
     */
    public synchronized Optional<Finding> close(long minRuns) {
        boolean judged = false;
        for (ProgramInfo program : object.programs()) {
            ProgramRuns then = before.remove(program.name());
            if (then != null) {
                ProgramRuns now = object.runs(program.name());
                judged |= measured(program, now.count() - then.count(), now.nanos() - then.nanos(), minRuns);
            }
        }
        if (!judged || !budget.isLimited()) {
            return Optional.empty();
        }
        sinceStep++;
        Optional<ProgramCost> dearest = costs.values().stream().filter(c -> streaks.getOrDefault(c.program(), 0) >= WINDOWS)
                .max(Comparator.comparingLong(ProgramCost::nsPerRun));
        calm = streaks.isEmpty() ? calm + 1 : 0;
        return dearest.isPresent() ? step(dearest.get()) : over && calm >= WINDOWS ? end() : Optional.empty();
    }

    private boolean measured(ProgramInfo program, long runs, long nanos, long minRuns) {
        if (runs <= 0) {
            return false;
        }
        long mean = nanos / runs;
        costs.put(program.name(), new ProgramCost(program.name(), program.target(), runs, mean));
        if (runs < minRuns) {
            return false;
        }
        if (mean > budget.nsPerEvent()) {
            streaks.merge(program.name(), 1, Integer::sum);
        } else {
            streaks.remove(program.name());
        }
        return true;
    }

    private Optional<Finding> step(ProgramCost dearest) {
        boolean sample = budget.onOverrun() == OnOverrun.SAMPLE;
        if (over && !(sample && sampling < MOST && sinceStep >= WINDOWS)) {
            return Optional.empty();
        }
        over = true;
        sinceStep = 0;
        if (sample && sampling < MOST) {
            sampling *= STEP;
        }
        return Optional.of(new Finding(true, budget, dearest, sampling));
    }

    private Optional<Finding> end() {
        over = false;
        return costs.values().stream().max(Comparator.comparingLong(ProgramCost::nsPerRun))
                .map(dearest -> new Finding(false, budget, dearest, sampling));
    }

    /** As it is now. */
    public synchronized BudgetStatus status() {
        return new BudgetStatus(budget.nsPerEvent(), budget.onOverrun().name().toLowerCase(Locale.ROOT), over, sampling,
                List.copyOf(costs.values()));
    }
}
