// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/** Takes records of one type off the ring, on the reader's thread. */
@FunctionalInterface
public interface RecordHandler {
    /**
     * Looks at one record. Must not block: while it runs, nothing else is read from this plugin's ring (other plugins have
     * their own). What it throws is counted and reported; reading goes on.
     */
    void handle(RecordView record);
}
