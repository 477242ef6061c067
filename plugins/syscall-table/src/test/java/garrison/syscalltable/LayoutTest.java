// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import static org.junit.jupiter.api.Assertions.assertEquals;

import garrison.framework.btf.BtfStruct;
import garrison.framework.object.BpfSpec;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What Java writes into maps lies where the object's own types say. */
class LayoutTest {
    private final BpfSpec spec = BpfSpec.parse("syscall_table.bpf.o", new SyscallTable().objects().getFirst().read());

    private int offset(String struct, String field) {
        return type(struct).field(field).orElseThrow().offset();
    }

    private BtfStruct type(String struct) {
        return spec.btf().struct(struct).orElseThrow();
    }

    @Test
    void state_everyOffset_isTheObjects() {
        Map.ofEntries(Map.entry("text_start", CheckState.TEXT_START), Map.entry("text_end", CheckState.TEXT_END),
                Map.entry("modules", CheckState.MODULES), Map.entry("module_set", CheckState.MODULE_SET),
                Map.entry("tracers", CheckState.TRACERS), Map.entry("tracers_end", CheckState.TRACERS_END),
                Map.entry("checks", CheckState.CHECKS), Map.entry("by_timer", CheckState.BY_TIMER),
                Map.entry("unreadable", CheckState.UNREADABLE), Map.entry("longest_ns", CheckState.LONGEST_NS),
                Map.entry("total_ns", CheckState.TOTAL_NS), Map.entry("regions", CheckState.REGIONS), Map.entry("locked", CheckState.LOCKED))
                .forEach((field, offset) -> assertEquals(offset, offset("syscall_table_state", field), field));
        assertEquals(CheckState.SIZE, type("syscall_table_state").size());
    }

    @Test
    void region_everyOffset_isTheObjects() {
        Map.of("address", 0, "page", 8, "offset", 12, "words", 16, "area", 20, "number", 24, "start", 28)
                .forEach((field, offset) -> assertEquals(offset, offset("syscall_table_region", field), field));
        assertEquals(Region.SIZE, type("syscall_table_region").size());
    }
}
