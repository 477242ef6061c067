// SPDX-License-Identifier: Apache-2.0
package garrison.framework.budget;

import garrison.framework.Status.ProgramCost;
import garrison.spi.Budget;

/**
 * What a window brought that is to be told.
 *
 * @param over whether the budget is exceeded now
 * @param budget which one
 * @param dearest the program that costs the most
 * @param sampling one record of so many is to be written from now on; 1: all
 */
public record Finding(boolean over, Budget budget, ProgramCost dearest, int sampling) {
    /** For people. */
    public String words() {
        return dearest.program() + " took " + dearest.nsPerRun() + " ns a run over " + dearest.runs() + " runs, its budget is "
                + budget.nsPerEvent() + " ns";
    }
}
