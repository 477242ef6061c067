// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import java.util.ArrayList;
import java.util.List;

/** What of the list of things to look at this kernel does not have, by its symbols. */
final class Unknown {
    private Unknown() {}

    static List<String> of(CheckState state, List<Region> regions) {
        List<String> missing = new ArrayList<>();
        for (Area area : Area.values()) {
            for (int i = 0; i < area.symbols().size(); i++) {
                int number = area == Area.TABLE ? i * Region.TABLE_STEP : i;
                if (regions.stream().noneMatch(r -> r.area() == area && r.number() == number)) {
                    missing.add(area.symbols().get(i));
                }
            }
        }
        if (state.number(CheckState.MODULES) == 0) {
            missing.add("the list of modules");
        }
        if (state.number(CheckState.TRACERS) == 0) {
            missing.add("the list of tracers");
        }
        return missing;
    }
}
