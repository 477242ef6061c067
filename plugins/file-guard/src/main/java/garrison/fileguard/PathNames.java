// SPDX-License-Identifier: Apache-2.0
package garrison.fileguard;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
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

    /** The last {@code count} names below a place; when there are fewer, which is a cut path, all of them behind a "…". */
    String below(Path place, int count) {
        if (count > names.size()) {
            return place + "/…/" + String.join("/", names);
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

    /** A name as text. What is no UTF-8 is written \xNN a byte, and so is a backslash: no two names look the same. */
    private static String text(byte[] bytes, int offset, int length) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes, offset, length);
        CharBuffer out = CharBuffer.allocate(length + 1);
        StringBuilder text = new StringBuilder(length);
        while (true) {
            CoderResult result = decoder.decode(in, out, true);
            text.append(out.flip().toString().replace("\\", "\\x5c"));
            out.clear();
            if (!result.isError()) {
                return text.toString();
            }
            for (int i = 0; i < result.length(); i++) {
                text.append(String.format("\\x%02x", in.get()));
            }
            decoder.reset();
        }
    }
}
