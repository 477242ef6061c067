#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# In a guest: a shell for a person.

export PATH=$LAB_REPO/runtime/target/garrison/bin:$PATH
echo
echo "Kernel $(uname -r). Nothing written here reaches the machine. exit powers off."
exec bash -i
