// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.event;

import garrison.spi.Event;
import java.util.Set;

/**
 * Which events somebody wants.
 *
 * @param types of these types; empty for all
 * @param plugins of these plugins; empty for all
 */
public record EventFilter(Set<String> types, Set<String> plugins) {
    /** Every event. */
    public static final EventFilter ALL = new EventFilter(Set.of(), Set.of());

    /** Copies the sets. */
    public EventFilter {
        types = Set.copyOf(types);
        plugins = Set.copyOf(plugins);
    }

    /** Whether an event is wanted. */
    public boolean wants(Event event) {
        return (types.isEmpty() || types.contains(event.type())) && (plugins.isEmpty() || plugins.contains(event.plugin()));
    }
}
