// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import java.util.ArrayList;
import java.util.List;

/**
 * Columns for people, and paragraphs below rows. Never wider than asked; whatever a terminal would obey is shown as {@code ?},
 * since names and reasons may hold what somebody else chose.
 */
final class TextTable {
    private static final String INDENT = "  ";
    private static final int WIDEST_CELL = 40;

    private record Row(List<String> cells, List<String> notes) {}

    private final int width;
    private final List<String> heads;
    private final List<Row> rows = new ArrayList<>();

    /**
     * @param width columns of the terminal, in characters
     * @param heads the head line; a head that begins with {@code >} aligns its column to the right
     */
    TextTable(int width, String... heads) {
        this.width = width;
        this.heads = List.of(heads);
    }

    /** Adds a row; as many cells as heads. */
    TextTable row(Object... cells) {
        List<String> texts = new ArrayList<>();
        for (Object cell : cells) {
            String text = printable(String.valueOf(cell));
            texts.add(text.length() > WIDEST_CELL ? text.substring(0, WIDEST_CELL - 1) + "…" : text);
        }
        rows.add(new Row(texts, new ArrayList<>()));
        return this;
    }

    /** Adds a paragraph below the last row, unless it is empty. */
    TextTable note(String text) {
        if (!text.isBlank()) {
            rows.getLast().notes().add(text);
        }
        return this;
    }

    /** The lines; none when there is no row. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        if (rows.isEmpty()) {
            return lines;
        }
        int[] widths = new int[heads.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = head(i).length();
            for (Row row : rows) {
                widths[i] = Math.max(widths[i], row.cells().get(i).length());
            }
        }
        List<String> headCells = new ArrayList<>();
        for (int i = 0; i < widths.length; i++) {
            headCells.add(head(i));
        }
        lines.add(line(headCells, widths));
        for (Row row : rows) {
            lines.add(line(row.cells(), widths));
            row.notes().forEach(note -> lines.addAll(wrap(note, width, INDENT)));
        }
        return lines;
    }

    private String head(int column) {
        return heads.get(column).startsWith(">") ? heads.get(column).substring(1) : heads.get(column);
    }

    private String line(List<String> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String padding = " ".repeat(widths[i] - cells.get(i).length());
            line.append(i == 0 ? "" : INDENT);
            line.append(heads.get(i).startsWith(">") ? padding + cells.get(i) : cells.get(i) + padding);
        }
        String text = line.toString().stripTrailing();
        return text.length() > width ? text.substring(0, width - 1) + "…" : text;
    }

    /** Breaks a text at spaces, and where there are none, so that no line is longer than {@code width}. */
    static List<String> wrap(String text, int width, String indent) {
        List<String> lines = new ArrayList<>();
        text.lines().forEach(paragraph -> {
            String rest = printable(paragraph).strip();
            int room = width - indent.length();
            while (rest.length() > room) {
                int space = rest.lastIndexOf(' ', room);
                int end = space > 0 ? space : room;
                lines.add(indent + rest.substring(0, end).stripTrailing());
                rest = rest.substring(end).strip();
            }
            lines.add(indent + rest);
        });
        return lines;
    }

    /** What a terminal shows, and does not obey. */
    static String printable(String text) {
        StringBuilder shown = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            int kind = Character.getType(c);
            boolean hidden = kind == Character.CONTROL || kind == Character.FORMAT || kind == Character.LINE_SEPARATOR
                    || kind == Character.PARAGRAPH_SEPARATOR || kind == Character.SURROGATE;
            shown.appendCodePoint(c == '\t' ? ' ' : hidden ? '?' : c);
        });
        return shown.toString();
    }
}
