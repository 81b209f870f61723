// One process: the subjects share the start of the program. Each begins with its own rules.
import '../../test/gateway/access.ts';
import '../../test/gateway/forwarding.ts';
import '../../test/gateway/paths.ts';
import '../../test/gateway/cross-origin.ts';
import '../../test/gateway/upgrades.ts';
import '../../test/gateway/shares.ts';
import '../../test/gateway/pages-and-visits.ts';
import '../../test/gateway/rules.ts';
import '../../test/gateway/sessions.ts';
