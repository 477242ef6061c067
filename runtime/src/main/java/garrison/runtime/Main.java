// SPDX-License-Identifier: Apache-2.0
package garrison.runtime;

import garrison.runtime.command.GarrisonCommand;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** Where the program begins and, whatever happens, ends. */
public final class Main {
    private Main() {}

    /** @param arguments see {@code garrison --help} */
    public static void main(String[] arguments) {
        int code = ExitCode.FAILURE;
        try {
            PrintWriter out = writer(FileDescriptor.out);
            PrintWriter err = writer(FileDescriptor.err);
            code = GarrisonCommand.execute(out, err, arguments);
            out.flush();
            err.flush();
        } catch (Throwable t) {
            System.err.println("garrison: a defect of the program: " + t);
            t.printStackTrace();
        } finally {
            // Not a return: threads of the OSGi framework or of a plugin must not keep a failed process alive.
            System.exit(code);
        }
    }

    /** UTF-8 whatever the locale: names of files come from the kernel's bytes, and JSON is UTF-8. */
    private static PrintWriter writer(FileDescriptor descriptor) {
        return new PrintWriter(new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8), false);
    }
}
