// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

import java.util.List;

/**
 * What a {@link PolicyTool} says.
 *
 * @param lines for people; any width, no line feeds
 * @param facts for machines: records, lists, maps with text keys, text, numbers, true and false
 */
public record PolicyAnswer(List<String> lines, Object facts) {
    /** Copies the lines. */
    public PolicyAnswer {
        lines = List.copyOf(lines);
    }
}
