// SPDX-License-Identifier: Apache-2.0
package garrison.framework.osgi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import garrison.framework.object.TestObjects;
import garrison.spi.GarrisonException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RequirementStepTest {
    @TempDir
    Path folder;

    @BeforeEach
    void content() throws IOException {
        Files.createDirectories(folder.resolve("META-INF"));
        Files.createDirectories(folder.resolve("bpf"));
        Files.write(folder.resolve("bpf/test_needs.bpf.o"), TestObjects.needs());
    }

    private String derive(String typed) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        if (!typed.isEmpty()) {
            manifest.getMainAttributes().putValue("Require-Capability", typed);
        }
        try (OutputStream out = Files.newOutputStream(folder.resolve("META-INF/MANIFEST.MF"))) {
            manifest.write(out);
        }
        RequirementStep.run(folder);
        return header();
    }

    private String header() throws IOException {
        try (InputStream in = Files.newInputStream(folder.resolve("META-INF/MANIFEST.MF"))) {
            return new Manifest(in).getMainAttributes().getValue("Require-Capability");
        }
    }

    @Test
    void run_writesWhatTheObjectNeeds_andOnce() throws IOException {
        String once = derive("");
        assertTrue(once.contains("garrison.kernel.hook;object=\"test_needs.bpf.o\";users=\"refuse_mkdir\";"
                + "filter:=\"(garrison.kernel.hook=inode_mkdir)\""), once);
        assertTrue(once.contains("filter:=\"(garrison.kernel.hook=garrison_no_such_hook)\";resolution:=\"optional\""), once);
        assertTrue(once.contains("filter:=\"(garrison.kernel.kfunc=bpf_key_put)\""), once);
        assertTrue(once.contains("(&(garrison.kernel.hook=inode_unlink)(!(sleepable=no)))"), once);
        assertFalse(once.contains("security_inode_rmdir"), once);
        RequirementStep.run(folder);
        assertEquals(once, header());
    }

    @Test
    void run_afterTheObjectChanged_replacesWhatItWroteBefore() throws IOException {
        derive("");
        Files.write(folder.resolve("bpf/test_needs.bpf.o"), TestObjects.many());
        RequirementStep.run(folder);
        assertFalse(header().contains("bpf_key_put"), header());
        assertTrue(header().contains("inode_mknod"), header());
    }

    @Test
    void run_keepsOtherRequirements() throws IOException {
        String other = "osgi.ee;filter:=\"(&(osgi.ee=JavaSE)(version=25))\"";
        assertTrue(derive(other).startsWith(other + ",garrison.kernel."), header());
    }

    @Test
    void run_typedRequirementThatAgrees_isTheDerivedOne() throws IOException {
        assertEquals(derive(""), derive("garrison.kernel.kfunc;filter:=\"(garrison.kernel.kfunc=bpf_key_put)\""));
    }

    @Test
    void run_typedRequirementThatNoObjectHas_failsTheBuild() {
        GarrisonException e = assertThrows(GarrisonException.class,
                () -> derive("garrison.kernel.kfunc;filter:=\"(garrison.kernel.kfunc=bpf_get_file_xattr)\""));
        assertTrue(e.getMessage().contains("bpf_get_file_xattr") && e.getMessage().contains("no object of the bundle needs it")
                && e.getMessage().contains("MANIFEST.MF"), e.getMessage());
    }

    @Test
    void run_typedAsOptionalButNeeded_failsTheBuildWithBoth() {
        GarrisonException e = assertThrows(GarrisonException.class,
                () -> derive("garrison.kernel.hook;filter:=\"(garrison.kernel.hook=inode_mkdir)\";resolution:=optional"));
        assertTrue(e.getMessage().contains("they say garrison.kernel.hook;object=\"test_needs.bpf.o\""), e.getMessage());
    }

    @Test
    void run_noObject_isAnError() throws IOException {
        Files.delete(folder.resolve("bpf/test_needs.bpf.o"));
        assertTrue(assertThrows(GarrisonException.class, () -> derive("")).getMessage().contains("no *.bpf.o"));
    }

    @Test
    void clause_quotesAndBackslashes_comeBack() {
        String header = "a;x=\"1,2;\\\"3\\\\\";f:=\"(a=b)\",b;y:Long=4";
        List<Clause> clauses = Clause.parse("test", header);
        assertEquals("1,2;\"3\\", clauses.getFirst().attributes().get("x"));
        assertEquals(clauses, Clause.parse("test", Clause.header(clauses)));
        assertThrows(GarrisonException.class, () -> Clause.parse("test", "a;x=\"1"));
        assertThrows(GarrisonException.class, () -> Clause.parse("test", "a;x"));
    }
}
