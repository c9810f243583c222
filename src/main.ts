#!/usr/bin/env node
import { dispatch } from './cli/modes.js';

// The exit code is only noted: what still drains or writes may finish.
process.exitCode = await dispatch(process.argv.slice(2), process.stdout, process.stderr);
