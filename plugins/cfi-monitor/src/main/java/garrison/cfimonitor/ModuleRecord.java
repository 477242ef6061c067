// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

/** struct cfi_module_event of cfi_monitor.h, component for field. */
record ModuleRecord(CfiRecord.Header header, long base, int size, int loaded, int signatureOk, String name) {}
