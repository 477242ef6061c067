// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The names of a path as a program collected them: from the last one up to the file system's root.
 *
 * @param names root first
 * @param cut whether those nearest to the root are missing
 */
record PathNames(List<String> names, boolean cut) {
    /** Reads NUL-terminated names, the last of the path first. */
    static PathNames read(byte[] bytes, int offset, int length, boolean cut) {
        List<String> names = new ArrayList<>();
        int end = Math.min(bytes.length, offset + length);
        int start = Math.min(offset, end);
        for (int i = start; i < end; i++) {
            if (bytes[i] == 0) {
                names.add(text(bytes, start, i - start));
                start = i + 1;
            }
        }
        Collections.reverse(names);
        return new PathNames(List.copyOf(names), cut);
    }

    /** The last {@code count} names below a place; all of them when there are fewer, which is a cut path. */
    String below(Path place, int count) {
        if (count > names.size()) {
            return "…/" + String.join("/", names);
        }
        String tail = String.join("/", names.subList(names.size() - count, names.size()));
        if (tail.isEmpty()) {
            return place.toString();
        }
        return place.getParent() == null ? place + tail : place + "/" + tail;
    }

    /** The whole, below where its file system is mounted. */
    String from(String mountPoint) {
        return (cut ? "…" : mountPoint) + "/" + String.join("/", names);
    }

    /**
     * Where the file system is mounted, as far as that shows: a place's path without the names that lead to it from the
     * file system's root. Empty when the place was moved, or is seen through a bind mount.
     */
    String mountPoint(Path place, int namesBelow) {
        if (cut || namesBelow > names.size()) {
            return "";
        }
        String inside = "/" + String.join("/", names.subList(0, names.size() - namesBelow));
        String whole = place.toString();
        if (inside.equals("/")) {
            return whole.equals("/") ? "" : whole;
        }
        return whole.endsWith(inside) ? whole.substring(0, whole.length() - inside.length()) : "";
    }

    /** UTF-8 where it is, else each byte beyond ASCII as \xNN; a backslash is doubled then, so that nothing is ambiguous. */
    private static String text(byte[] bytes, int offset, int length) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, offset, length)).toString();
        } catch (CharacterCodingException e) {
            StringBuilder escaped = new StringBuilder();
            for (int i = offset; i < offset + length; i++) {
                if (bytes[i] == '\\') {
                    escaped.append("\\\\");
                } else if (bytes[i] >= 0) {
                    escaped.append((char) bytes[i]);
                } else {
                    escaped.append(String.format("\\x%02x", bytes[i]));
                }
            }
            return escaped.toString();
        }
    }
}
