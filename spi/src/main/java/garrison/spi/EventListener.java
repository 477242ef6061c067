// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/** Receives events of all plugins. In OSGi, register it as a service; elsewhere, give it to the builder. */
@FunctionalInterface
public interface EventListener {
    /**
     * Called on one thread, one event at a time, behind a bounded queue of its own: a slow listener loses events (counted and
     * told as {@link EventsLost}), and costs no one else any.
     */
    void onEvent(Event event);
}
