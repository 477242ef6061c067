// SPDX-License-Identifier: Apache-2.0
package garrison.syscalltable;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Puts what the looks at kernel memory found into words. Called on the reader's thread. */
final class MemoryWriter {
    /** The parameter by its name among the sysctls. */
    private static final Map<String, String> SYSCTLS = Map.of("kernel/modprobe", "modprobe_path", "kernel/core_pattern", "core_pattern",
            "kernel/poweroff_cmd", "poweroff_cmd");
    private static final String AS_FIRST = "as at the first reading again";

    private final Handlers handlers;
    private final Duration memory;
    private final Map<String, Instant> written = new ConcurrentHashMap<>();

    /** @param memory how long after a sysctl write a parameter's new value is that write's */
    MemoryWriter(Handlers handlers, Duration memory) {
        this.handlers = handlers;
        this.memory = memory;
    }

    /** Somebody wrote a parameter in the ordinary way. */
    void wrote(String sysctl, Instant time) {
        String parameter = SYSCTLS.get(sysctl);
        if (parameter != null) {
            written.put(parameter, time);
        }
    }

    KernelMemoryAltered write(MemoryRecord record, Instant time) {
        Area area = Area.of(record.area());
        boolean restored = record.restored() != 0;
        String owner = Owner.of(record.owner());
        int number = switch (area) {
            case TABLE -> record.number() % Region.TABLE_STEP;
            case HANDLER -> record.number();
            default -> -1;
        };
        String name = name(area, record.number());
        Patch patch = Patch.of(record.first(), record.now(), record.owner());
        Severity severity = Severity.ALARM;
        String detail;
        if (restored) {
            severity = Severity.NOTICE;
            detail = AS_FIRST;
        } else {
            detail = switch (area) {
                case TABLE -> "system call " + number + " leads to " + Owner.name(record.owner()) + " (" + owner + ") instead of "
                        + handlers.expected(number);
                case HANDLER, CODE -> patch.words(area == Area.HANDLER ? handlers.expected(number) : name, owner, record.owner());
                case PARAMETER -> isWritten(name, time) ? "written as a kernel parameter" : "written past sysctl";
                case OPERATIONS -> name + " leads to " + Owner.name(record.owner()) + " (" + owner + ")";
            };
            boolean known = area == Area.PARAMETER ? isWritten(name, time)
                    : (area == Area.HANDLER || area == Area.CODE) && patch.known();
            severity = known ? Severity.NOTICE : Severity.ALARM;
        }
        return new KernelMemoryAltered(SyscallTable.NAME, time, severity, area, name, number, Long.toHexString(record.address()),
                (long) (area == Area.TABLE ? number : record.word()) * Long.BYTES, words(area, record.first()),
                words(area, record.before()), words(area, record.now()), owner, record.owner(), restored, detail);
    }

    /** An entry that was wrong at the first reading, when nobody can tell how long it had been. */
    KernelMemoryAltered write(Baseline.Misfit misfit, Instant time) {
        String value = Long.toHexString(misfit.address());
        String owner = Owner.of(misfit.symbol());
        return new KernelMemoryAltered(SyscallTable.NAME, time, Severity.ALARM, Area.TABLE, handlers.name(misfit.number()),
                misfit.number(), "", (long) misfit.number() * Long.BYTES, value, value, value, owner, misfit.symbol(), false,
                "at the first reading system call " + misfit.number() + " led to " + Owner.name(misfit.symbol()) + " (" + owner
                        + ") instead of " + handlers.expected(misfit.number()));
    }

    /** What an earlier process's programs found, and still holds. */
    KernelMemoryAltered still(Region region, int word, long first, long latest, Instant time) {
        Area area = region.area();
        int number = area == Area.TABLE ? (region.number() + word) % Region.TABLE_STEP : area == Area.HANDLER ? region.number() : -1;
        int whole = area == Area.TABLE ? number : region.start() + word;
        return new KernelMemoryAltered(SyscallTable.NAME, time, Severity.ALARM, area,
                name(area, area == Area.TABLE ? region.number() + word : region.number()), number,
                Long.toHexString(region.address() + (long) word * Long.BYTES), (long) whole * Long.BYTES, Long.toHexString(first),
                Long.toHexString(latest), Long.toHexString(latest), "", "", false,
                "was altered before this process began, and still is");
    }

    private String name(Area area, int number) {
        return switch (area) {
            case TABLE -> number < Region.TABLE_STEP ? handlers.name(number)
                    : area.symbols().get(number / Region.TABLE_STEP) + "[" + number % Region.TABLE_STEP + "]";
            case HANDLER -> handlers.name(number);
            default -> area.symbols().get(number);
        };
    }

    private boolean isWritten(String parameter, Instant time) {
        Instant then = written.get(parameter);
        return then != null && Duration.between(then, time).abs().compareTo(memory) < 0;
    }

    private static String words(Area area, byte[] bytes) {
        return switch (area) {
            case PARAMETER -> text(bytes);
            case TABLE -> Long.toHexString(ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).getLong(0));
            case HANDLER, OPERATIONS -> HexFormat.of().formatHex(bytes, 0, Region.SMALL * Long.BYTES);
            case CODE -> HexFormat.of().formatHex(bytes);
        };
    }

    static String text(byte[] bytes) {
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        return new String(Arrays.copyOf(bytes, end), StandardCharsets.UTF_8);
    }
}
