"""What `jointops COMMAND --help` says of commands that take more than a line to explain."""

DEMO = """\
Runs the joint exercise: six agencies on the real streets of Chicago, each sending its own feed through the
ordinary door. Prints the demo's log-ins, `api-token TOKEN` (send it as `Authorization: Bearer TOKEN`) and at
last `ready http://...`. Ctrl-C stops everything.

  jointops demo                        300 units
  jointops demo --units 2000 --seed 7  another, larger day
  jointops demo --keep                 go on from the last run's journal
  jointops demo --replay               look back at a recorded hour: made in less than a minute, opened at /review at
                                       its priority-1 call; with --keep the hour that was made last
"""
SERVE = """\
Starts and watches everything of one site on this machine: Redis (unless the site names one), gateway, hub, web,
review and recorder. `jointops check --config site.toml` explains what is wrong with a file; `docs/settings.md` lists
every setting.
"""
GATEWAY = """\
Only the gateway: agencies' feeds in, journal and bus out. One process takes in about 50,000 reports a second; for more,
start several, each for some of the agencies and on ports of its own:

  jointops gateway --config site.toml --agency cpd --agency sheriff
  jointops gateway --config site.toml --agency fire --feed-port 8062 --cot-port 8097
"""
RECORD = """\
Only the recorder: all that arrives into sealed segments of ten minutes, one folder each, chained by their hashes
(docs/recording.md). `jointops serve` starts it too, unless the site says `record = false`. It may be killed at any
moment: what is in the journal and not sealed yet is kept there until it is.
"""
FEED = """\
Sends captured files through the door of a running site. Each file's dialect is told by its beginning and it goes
to the site's guest source of that dialect, unless --source names one. The file's newest time becomes now and
everything is sent as fast as it is acknowledged; --rate plays it at a speed instead.

  jointops feed capture.xml drive.gpx          CoT, CAP, EIDO, TAIP, NMEA, SBS, OwnTracks, GPX, our JSON
  jointops feed captures/                      every file in a folder
  jointops feed --rate 10 drive.gpx            ten recorded seconds a second
  jointops feed --source cpd-avl --token T positions.json

The token is found by itself for a site that you run on this machine; for another give --token or
$JOINTOPS_FEED_TOKEN.
"""
VERIFY = """\
Reads the record again, every byte, and compares it with the hashes taken when it was sealed. What was altered is
named: agency, ten minutes, file, bytes, and of Parquet files the columns and rows. Exit status 0: all is as recorded;
1: something is not; 2: there is no archive, or nothing is recorded in RANGE.

  jointops verify                                       the whole record of `jointops serve`
  jointops verify 2026-11-27                            a day (UTC)
  jointops verify 2026-11-27T12:00..2026-11-27T13:30    from A to before B; either may be left out
  jointops verify --agency cpd --archive /srv/archive   one agency, another folder

Each agency's manifests are a chain: each holds the hash of the one before. The last line of each agency is the head of
its chain. Write it down elsewhere (the shift log, a partner agency): whoever holds a head can tell later that nothing
before it was changed. Without one, a whole new chain could be put in the old one's place.

The legal holds and the site's audit (--config) are read too. A hold of which the audit tells, and which the archive
does not have any more, is a finding; `jointops retention` deletes nothing then.
"""
REPLAY = """\
Opens the page of recordings at part of a record, in the browser if there is a screen, and prints its address. What it
needs is started for this machine alone and ends with Ctrl-C; nothing of it is left, and nothing is added to the record.

  jointops replay 2026-11-27T12:00..12:30 --config site.toml     half an hour of your site
  jointops replay 2026-11-27 --view truth --config site.toml     a day, as it is known to have been today
  jointops replay --archive isp-2026-11                          what `jointops import` made, by its name or folder
  jointops replay 2026-11-27T12:00.. --archive /mnt/archive      any folder of a record

With --config the site's own log-ins and shares count: whoever has the role `reviewer` sees what its agency may see.
Without it nobody knows them; the command prints a log-in that sees all of the record, as whoever may read the folder
does. Where the site itself is running (`jointops serve`, `jointops demo`) no second one is started: the address of its
own page is printed and opened. Exit status 2: there is no record, or nothing in RANGE; the message says what there is.
"""
EXPORT = """\
Writes part of one agency's record for somebody else, whole or not at all.

  jointops export --agency cpd --range 2026-11-27T12:00..13:30 scene.zip                an evidence package
  jointops export --agency cpd --range 2026-11-27T12:00..13:30 --format gpx scene.gpx   for another program
  jointops export --agency cpd --format csv --unit cpd-000042 --view truth -            one unit, to the standard output
  jointops export --agency cpd --format kml --for cfd --config site.toml scene.kml      what cpd shares with cfd

An evidence package holds segments as they were sealed (ten minutes each), the chain of their manifests, and a verifier
of one file that runs anywhere: its receiver needs nothing of this product. What was altered is not packed: `jointops
verify` names it. What of the range is not in the record, or not sealed yet, is said, in the file too. A new file can be
read by its owner alone.

Every other format holds positions and what happened, as much as the agency of --for may see by the shares of the
site's file. --view known: what was received in the range, in that order. --view truth: what was so in the range,
whenever it was received. docs/exports.md says what is where in each format.
"""
AUDIT = """\
Prints who looked back at the record and who took something out of it: each review that was opened, where it went, what
it watched, whose tracks and which places it asked for; each export, evidence package, deletion, hold and import that
was asked for, before it was done, and again when it failed. What cannot be written there is not done.

  jointops audit --config site.toml                              all of it
  jointops audit 2026-11-27 --agency cpd --config site.toml      a day; by cpd's people, or of cpd's record
  jointops audit --viewer ann --case 26-114 --config site.toml   one viewer's, for one case

The file (`audit.jsonl` in the data folder) only grows, and each line holds the hash of the one before; the last line
printed is the newest one's. Write it down elsewhere, as that of `jointops verify`, which checks this chain too.
Exit status 1: a line was altered.
"""
RETENTION = """\
Says what of the record is older than its agency's agreement lets it be kept (`[[retention]]` in the site's file;
without one: for ever), what would go under which clause, and why the rest stays. Nothing is done without --do (so that
--dry-run changes nothing), nor while the site's audit tells of a hold that the archive does not have.

  jointops retention --config site.toml                  what would go, and why the rest stays
  jointops retention --config site.toml --agency cpd     of one agency
  jointops retention --config site.toml --do             delete it

What is deleted leaves a tombstone: clause, who, when. The chain goes on over it, and `jointops verify` tells it from
what was altered. A legal hold (`jointops hold`) wins, and is looked at again right before each deletion. It may run
beside the recorder. `jointops retention remove` takes one unit out, or one kind of report.
"""
REMOVE = """\
Takes the reports of one unit, or of one kind, out of the record, as an order may say. Each segment that holds some is
written anew without them, as a revision; everything else in it stays to the last bit. The revision's manifest says how
many reports went, under which clause, by whom and when, and names the manifest before by its hash. It does not say whom
they were of: name the order in --clause, not the unit. Nothing is done without --do.

  jointops retention remove --agency cpd --unit 4A12 --range 2026-11-01..2026-11-03 --clause "Order 26-CH-0411"
  jointops retention remove --agency cpd --kind camera_event --range ..2026-10-01 --clause "MOU 7.2" --do

RANGE is by the time of observation; `..` is all time. Ten minutes that a hold stands on are left as they are. What is
not sealed yet is in the journal: run it again ten minutes later. Packages and exports made before have it still.
"""
HOLD = """\
Says what of the record must not be deleted, whatever its agreement lets go: for a case, of an agency, from when to
when. A hold stands until its case is released. All that was said stays in the archive's holds.jsonl, with who and when.

  jointops hold add --case 26-114 --agency cpd --range 2026-11-27T12:00..2026-11-27T13:30
  jointops hold add --case 26-114 --agency cpd --range 2026-11-27 --unit 4A12
  jointops hold list
  jointops hold release --case 26-114

Whole segments (ten minutes) are kept that were received in the range or hold something observed in it. With --unit
too; but `jointops retention remove` may then take other units out.
"""
IMPORT = """\
Takes what was recorded elsewhere as an archive to review, into a folder of its own, never into the site's journal or
record, and never over what is there.

  jointops import scene.zip                              an evidence package: verified, then taken with its chain
  jointops import /media/isp/archive                     the record of another site
  jointops import --agency cpd drive.gpx capture.xml     logs: GPX, CoT, NMEA, JSON lines, ... and CSV

The folder is imports/NAME in the site's data folder, or --archive. A recording keeps its agencies' ids and its chain:
compare the head that is printed with one that its sender wrote down. Of a log, what it says of its time stands for when
it was received too; the manifests say so (`imported`). What says no time, or names another agency, is left out and
counted; so is what says the time of day alone (NMEA without RMC, TAIP), unless --day tells its day. A CSV has a
header with unit_id, observed_at (Unix seconds or RFC 3339), lat, lon and more of the vocabulary's names, or is one of
`jointops export`.
"""
