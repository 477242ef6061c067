// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import garrison.spi.BpfMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** struct syscall_table_state, read as a whole. A unit test compares the offsets with the object's types. */
record CheckState(byte[] bytes) {
    static final int TEXT_START = 0;
    static final int TEXT_END = 8;
    static final int MODULES = 16;
    static final int MODULE_SET = 24;
    static final int TRACERS = 32;
    static final int TRACERS_END = 40;
    static final int CHECKS = 64;
    static final int BY_TIMER = 72;
    static final int UNREADABLE = 80;
    static final int LONGEST_NS = 88;
    static final int TOTAL_NS = 96;
    static final int REGIONS = 112;
    static final int LOCKED = 116;
    static final int SIZE = 136;

    private static final byte[] FIRST = new byte[Integer.BYTES];

    static CheckState of(BpfMap map) {
        return new CheckState(map.lookup(FIRST).orElseThrow());
    }

    static CheckState empty() {
        return new CheckState(new byte[SIZE]);
    }

    private ByteBuffer view() {
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    long number(int offset) {
        return view().getLong(offset);
    }

    int small(int offset) {
        return view().getInt(offset);
    }

    CheckState with(int offset, long value) {
        view().putLong(offset, value);
        return this;
    }

    CheckState withSmall(int offset, int value) {
        view().putInt(offset, value);
        return this;
    }

    boolean locked() {
        return small(LOCKED) != 0;
    }

    /** Only while no check runs: what checks count would be lost. */
    void write(BpfMap map) {
        map.update(FIRST, bytes);
    }
}
