"""What `jointops COMMAND --help` says of commands that take more than a line to explain."""

DEMO = """\
Runs the joint exercise: six agencies on the real streets of Chicago, each sending its own feed through the
ordinary door. Prints the demo's log-ins, `api-token TOKEN` (send it as `Authorization: Bearer TOKEN`) and at
last `ready http://...`. Ctrl-C stops everything.

  jointops demo                        300 units
  jointops demo --units 2000 --seed 7  another, larger day
  jointops demo --keep                 go on from the last run's journal
"""
SERVE = """\
Starts and watches everything of one site on this machine: Redis (unless the site names one), gateway, hub, web,
review and recorder. `jointops check --config site.toml` explains what is wrong with a file; `docs/settings.md` lists
every setting.
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
1: something is not; 2: there is nothing to verify.

  jointops verify                                       the whole record of `jointops serve`
  jointops verify 2026-11-27                            a day (UTC)
  jointops verify 2026-11-27T12:00..2026-11-27T13:30    from A to before B; either may be left out
  jointops verify --agency cpd --archive /srv/archive   one agency, another folder

Each agency's manifests are a chain: each holds the hash of the one before. The last line of each agency is the head of
its chain. Write it down elsewhere (the shift log, a partner agency): whoever holds a head can tell later that nothing
before it was changed. Without one, a whole new chain could be put in the old one's place.
"""
EXPORT = """\
Writes part of one agency's record for somebody else, whole or not at all.

  jointops export --agency cpd --range 2026-11-27T12:00..13:30 scene.zip                an evidence package
  jointops export --agency cpd --range 2026-11-27T12:00..13:30 --format gpx scene.gpx   for another program
  jointops export --agency cpd --format csv --unit cpd-000042 --view truth -            one unit, to the standard output
  jointops export --agency cpd --format kml --for cfd --config site.toml scene.kml      what cpd shares with cfd

An evidence package holds segments as they were sealed (ten minutes each), the chain of their manifests, and a verifier
of one file that runs anywhere: its receiver needs nothing of this product. What was altered is not packed: `jointops
verify` names it.

Every other format holds positions and what happened, as much as the agency of --for may see by the shares of the
site's file. --view known: what was received in the range, in that order. --view truth: what was so in the range,
whenever it was received. docs/exports.md says what is where in each format.
"""
