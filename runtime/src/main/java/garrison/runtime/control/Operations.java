// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.control;

import garrison.runtime.event.EventFilter;
import garrison.runtime.event.EventStream;

/** What clients can ask for. Called on the clients' threads, several at once. */
public interface Operations {
    /**
     * Answers one request.
     *
     * @return what {@code result} shall hold, for {@link garrison.runtime.json.JsonText#write}
     * @throws RequestException if the operation is unknown or an argument wrong
     * @throws garrison.spi.GarrisonException if it cannot be done
     */
    Object answer(Request request);

    /** Opens a stream of events for the operation {@code events}. */
    EventStream events(EventFilter filter, String receiver);
}
