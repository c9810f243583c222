#!/usr/bin/env node
import { dispatch, MODES } from './cli/modes.js';

// The exit code is only noted: what still drains or writes may finish.
const defaultMode = process.env['AIGW_DEFAULT_MODE'];
process.exitCode = await dispatch(process.argv.slice(2), process.stdout, process.stderr, MODES, defaultMode);
