// `npm run build`: sets up what is missing and compiles src to dist.
import { ensureBuild } from './setup/build.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';

ensureDependencies();
ensureBuild();
