# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#:   help                      this text

verb_help() { usage; }
