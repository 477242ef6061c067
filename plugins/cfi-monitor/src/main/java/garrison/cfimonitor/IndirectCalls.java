// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What no branch of the kernel's text shows: a sensor is reached by a jump at the end of a function that is only called through a
 * pointer. The few functions that call so are known by name; all calls within them count.
 */
final class IndirectCalls {
    /**
     * Of each sensor the functions that call those which jump to it. {@code security_task_prctl} asks the modules by pointers on all
     * kernels, also since 6.12, and {@code cap_task_prctl} ends in {@code commit_creds}.
     */
    static final Map<Sensor, List<String>> CALLERS = Map.of(Sensor.COMMIT_CREDS, List.of("security_task_prctl"));

    private static final int CALL = 0xe8;
    private static final int CALL_LENGTH = 5;
    private static final int INDIRECT = 0xff;

    private IndirectCalls() {}

    /**
     * Return addresses of all calls in a function: direct ones (so of the thunks that stand for indirect ones) and those through a
     * register.
     *
     * @param start the address of the first byte
     */
    static List<Long> returnsIn(byte[] code, long start) {
        List<Long> all = new ArrayList<>();
        for (int i = 0; i < code.length; i++) {
            int operation = code[i] & 0xff;
            if (operation == CALL && i + CALL_LENGTH <= code.length) {
                all.add(start + i + CALL_LENGTH);
            } else if (operation == INDIRECT && i + 2 <= code.length && (code[i + 1] & 0xf8) == 0xd0) {
                all.add(start + i + 2);
            }
        }
        return all;
    }
}
