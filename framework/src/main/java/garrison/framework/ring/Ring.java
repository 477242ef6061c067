// SPDX-License-Identifier: Apache-2.0
package garrison.framework.ring;

/** A BPF ring buffer from the consumer's side. One thread drains and awaits; {@link #wake} may come from any other. */
interface Ring extends AutoCloseable {
    /** Takes one record. Must not throw: the record counts as taken whatever happens. */
    @FunctionalInterface
    interface Sink {
        void accept(RingRecord record);
    }

    /**
     * Hands over the records that are ready, oldest first, and gives their room back to the kernel.
     *
     * @return records handed over; 0 when there was none
     * @throws RingCorruptException if the ring's own words make no sense; it cannot be read any further
     */
    int drain(Sink sink);

    /** A number that changes while a drain hands record after record over. Any thread may ask. */
    long progress();

    /** Returns when there may be records, when woken, or after the time given. */
    void await(int millis);

    /** Ends an {@link #await} that runs, or the next one. */
    void wake();

    /** Gives the memory back. No other thread may be inside any method. */
    @Override
    void close();
}
