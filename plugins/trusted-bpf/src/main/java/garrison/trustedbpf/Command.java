// SPDX-License-Identifier: Apache-2.0
package garrison.trustedbpf;

import java.util.Locale;

/** Commands of bpf(2), in the kernel's order. */
enum Command {
    MAP_CREATE, MAP_LOOKUP_ELEM, MAP_UPDATE_ELEM, MAP_DELETE_ELEM, MAP_GET_NEXT_KEY, PROG_LOAD, OBJ_PIN, OBJ_GET, PROG_ATTACH,
    PROG_DETACH, PROG_RUN, PROG_GET_NEXT_ID, MAP_GET_NEXT_ID, PROG_GET_FD_BY_ID, MAP_GET_FD_BY_ID, OBJ_GET_INFO_BY_FD,
    PROG_QUERY, RAW_TRACEPOINT_OPEN, BTF_LOAD, BTF_GET_FD_BY_ID, TASK_FD_QUERY, MAP_LOOKUP_AND_DELETE_ELEM, MAP_FREEZE,
    BTF_GET_NEXT_ID, MAP_LOOKUP_BATCH, MAP_LOOKUP_AND_DELETE_BATCH, MAP_UPDATE_BATCH, MAP_DELETE_BATCH, LINK_CREATE,
    LINK_UPDATE, LINK_GET_FD_BY_ID, LINK_GET_NEXT_ID, ENABLE_STATS, ITER_CREATE, LINK_DETACH, PROG_BIND_MAP, TOKEN_CREATE,
    PROG_STREAM_READ_BY_FD;

    /** As events write it: {@code prog_load}; {@code command_40} for one that is newer than this list. */
    static String word(int number) {
        return number >= 0 && number < values().length ? values()[number].name().toLowerCase(Locale.ROOT) : "command_" + number;
    }
}
