#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the host on every 802.11 capture there is and compares what it found with what tshark finds in the same file.

For every file: the BSSIDs that beacon, the SSIDs of their beacons, and the transmitters with good frames must be the same sets. For
captures of the simulated neighbourhood the types and encryption of its networks are known and compared as well. Files of other radios
must be read to the end without a crash. Captures: $AERIE_CAPTURES, and tests/data. Exit status 77: nothing to compare.

A good frame is what plugins/phy80211/README.md says: radio header, MAC header and fixed fields whole, FCS right where there is one.
tshark is asked for the same: the transmitter's address is there, the FCS is not bad, the radio did not flag the frame, and a management
frame is long enough for its fixed fields."""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

BUILD = os.environ.get('AERIE_BUILD', 'build')
SOURCE = os.environ.get('AERIE_SOURCE', os.path.join(os.path.dirname(__file__), '..', '..'))
CAPTURES = os.environ.get('AERIE_CAPTURES', '')
AERIED = os.path.join(BUILD, 'bin', 'aeried')
RUN_SECONDS = 120
MPDU_MAX = 11454
MGMT_HEADER, HT_CONTROL, FCS = 24, 4, 4
# octets before the elements, by subtype of management frames (IEEE 802.11-2020 9.3.3)
ASKING = ('0x0000', '0x0002', '0x0004')  # association, reassociation and probe requests
FIXED = {0: 4, 1: 6, 2: 10, 3: 6, 5: 12, 6: 10, 8: 12, 10: 2, 11: 6, 12: 2, 13: 1, 14: 1}
GROUP_BIT = 1

FIELDS = ['frame.len', 'frame.cap_len', 'radiotap.length', 'radiotap.flags.badfcs', 'wlan.fcs.status',
          'wlan.fc.type_subtype', 'wlan.ta', 'wlan.bssid', 'wlan.ssid', 'wlan.mesh.id', 'radiotap.flags.fcs',
          'wlan.fc.protected', 'wlan.fc.order']

# tests/lab's neighbourhood: SSID -> type, encryption text, BSSIDs
SCENE = {
    'lab-open': ('Wi-Fi AP', 'Open', {'02:00:00:00:00:00'}),
    'lab-wpa1': ('Wi-Fi AP', 'WPA1 WPA1-PSK TKIP', {'02:00:00:00:01:00'}),
    'lab-wpa2': ('Wi-Fi AP', 'WPA2 WPA2-PSK AES-CCMP', {'02:00:00:00:02:00'}),
    'lab-sae': ('Wi-Fi AP', 'WPA3 WPA3-SAE AES-CCMP', {'02:00:00:00:03:00'}),
    'lab-hidden': ('Wi-Fi AP', 'Open', {'02:00:00:00:04:00'}),
    'lab-owe': ('Wi-Fi AP', 'WPA3 WPA3-SAE AES-CCMP', {'02:00:00:00:05:00'}),
    'lab-mixed': ('Wi-Fi AP', 'WPA3 WPA3-PSK WPA3-PSK WPA3-SAE AES-CCMP', {'02:00:00:00:06:00'}),
    'lab-ac': ('Wi-Fi AP', 'WPA2 WPA2-PSK AES-CCMP', {'02:00:00:00:07:00'}),
    'lab-mesh': ('Wi-Fi Mesh', 'Open', {'02:00:00:00:08:00', '02:00:00:00:09:00'}),
    'lab-adhoc': ('Wi-Fi Ad-Hoc', 'Open', None),  # IBSS BSSIDs are random
}
# which networks the monitor on a channel must have heard
HEARD = {'ch1': {'lab-open', 'lab-wpa1', 'lab-adhoc'}, 'ch6': {'lab-wpa2', 'lab-sae', 'lab-hidden'},
         'ch11': {'lab-owe', 'lab-mixed', 'lab-mesh'}, 'ch36': {'lab-ac'}}
# stations that join or probe: address -> networks in their client_map
STATIONS = {'02:00:00:00:0c:00': 'lab-wpa2', '02:00:00:00:0d:00': 'lab-sae', '02:00:00:00:0e:00': 'lab-hidden',
            '02:00:00:00:0f:00': 'lab-owe', '02:00:00:00:10:00': 'lab-ac'}


def printable(octets):
    """An SSID as the host prints it: see plugins/phy80211/ssid.c."""
    try:
        chars, valid = octets.decode('utf-8'), True
    except UnicodeDecodeError:
        chars, valid = octets.decode('latin-1'), False
    named = {'\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r', '"': '\\"', '\\': '\\\\'}
    text = ''
    for c in chars:
        if c in named:
            text += named[c]
        elif ord(c) < 0x20 or ord(c) == 0x7f:
            text += '\\u%04x' % ord(c)
        elif ord(c) >= 0x80 and not valid:
            text += '\\x%02x' % ord(c)
        else:
            text += c
    return text


def station(address):
    """The station behind a transmitter's address (bandwidth signalling sets the group bit); None for nobody."""
    octets = bytes(int(b, 16) for b in address.split(':'))
    octets = bytes([octets[0] & ~GROUP_BIT]) + octets[1:]
    return ':'.join('%02x' % b for b in octets) if any(octets) else None


def individual(address):
    octets = [int(b, 16) for b in address.split(':')]
    return any(octets) and not octets[0] & GROUP_BIT


def true(text):
    return text in ('1', 'True')


def fixed_fields_missing(row, on_air):
    subtype = int(row['wlan.fc.type_subtype'], 0)
    if subtype >= 16 or (true(row['wlan.fc.protected']) and subtype != 11):
        return False
    need = MGMT_HEADER + (HT_CONTROL if true(row['wlan.fc.order']) else 0) + FIXED.get(subtype, 0)
    return on_air - (FCS if true(row['radiotap.flags.fcs']) else 0) < need


def ssid_text(row):
    ssid = row['wlan.ssid'].split(',')[0]
    ssid = b'' if ssid in ('', '<MISSING>') else bytes.fromhex(ssid)
    return printable(ssid) if any(ssid) else ''


def tshark_view(path):
    """SSIDs by beaconing BSSID, good frames by transmitter, SSIDs by station that asked for them."""
    command = ['tshark', '-n', '-r', path, '-o', 'wlan.check_checksum:TRUE', '-T', 'fields', '-E', 'separator=/t']
    for f in FIELDS:
        command += ['-e', f]
    # text fields come as they are, SSIDs as octets in hex
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    beacons, transmitters, asked = {}, {}, {}
    for line in out.decode('latin-1').split('\n'):
        columns = line.split('\t')
        if len(columns) != len(FIELDS):
            continue
        row = dict(zip(FIELDS, columns))
        bad = row['wlan.fcs.status'] in ('0', 'Bad') or true(row['radiotap.flags.badfcs'])
        on_air = int(row['frame.len']) - int(row['radiotap.length'] or 0)
        if bad or on_air > MPDU_MAX or not row['wlan.ta'] or fixed_fields_missing(row, on_air):
            continue
        ta = station(row['wlan.ta'].split(',')[0])
        if not ta:
            continue
        transmitters[ta] = transmitters.get(ta, 0) + 1
        if row['wlan.fc.type_subtype'] in ASKING and row['wlan.ssid'] and not true(row['wlan.fc.protected']):
            asked.setdefault(ta, set()).add(ssid_text(row))
        if row['wlan.fc.type_subtype'] in ('0x0008', '8') and individual(row['wlan.bssid'].split(',')[0]):
            beacons.setdefault(row['wlan.bssid'].split(',')[0], set()).add(ssid_text(row))
    return beacons, transmitters, asked


def run_host(path):
    """The devices, and the numbers of the last line."""
    with tempfile.TemporaryDirectory() as home:
        out = os.path.join(home, 'devices.json')
        done = subprocess.run([AERIED, '--home', os.path.join(home, 'home'), '-s', 'remote_capture_enabled=false', '--no-plugin', '*httpd*', '-p', '0',
                               '-c', path, '--exit-when-done', '--write-devices', out],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=RUN_SECONDS, check=False)
        text = done.stdout.decode('utf-8', 'replace')
        if done.returncode not in (0, 1):
            raise RuntimeError('exit status %d: %s' % (done.returncode, done.stderr.decode('utf-8', 'replace')[-500:]))
        last = [line for line in text.splitlines() if line.startswith('done: ')]
        numbers = dict(item.split('=') for item in last[-1][6:].split()) if last else {}
        devices = json.load(open(out, encoding='utf-8')) if os.path.exists(out) and os.path.getsize(out) else []
        return devices, numbers, done


def host_view(devices):
    beacons, transmitters, asked = {}, {}, {}
    for d in devices:
        mac = d['kismet.device.base.macaddr'].lower()
        if d['kismet.device.base.packets.tx_total'] > 0:
            transmitters[mac] = d['kismet.device.base.packets.tx_total']
        dot11 = d.get('dot11.device', {})
        for record in dot11.get('dot11.device.advertised_ssid_map', []):
            beacons.setdefault(mac, set()).add(record['dot11.advertisedssid.ssid'])
        for record in dot11.get('dot11.device.probed_ssid_map', []):
            asked.setdefault(mac, set()).add(record['dot11.probedssid.ssid'])
    return beacons, transmitters, asked


def compare(name, devices, path):
    """Differences, as lines."""
    lines = []
    beacons, transmitters, asked = host_view(devices)
    want_beacons, want_transmitters, want_asked = tshark_view(path)
    for what, have, want in (('beaconing BSSID', set(beacons), set(want_beacons)),
                             ('transmitter', set(transmitters), set(want_transmitters)),
                             ('asking station', set(asked), set(want_asked))):
        lines += ['%s: %s %s only here' % (name, what, x) for x in sorted(have - want)]
        lines += ['%s: %s %s only in tshark' % (name, what, x) for x in sorted(want - have)]
    for what, have, want in (('SSIDs of', beacons, want_beacons), ('frames sent by', transmitters, want_transmitters),
                             ('SSIDs asked for by', asked, want_asked)):
        lines += ['%s: %s %s: %r here, %r in tshark' % (name, what, mac, have[mac], want[mac])
                  for mac in sorted(set(have) & set(want)) if have[mac] != want[mac]]
    return lines, len(want_beacons), len(want_transmitters)


def networks(devices):
    """SSID or mesh id -> [(bssid, type, crypt)], from beacons, or from probe responses where the SSID is hidden."""
    found = {}
    for d in devices:
        dot11 = d.get('dot11.device', {})
        records = dot11.get('dot11.device.advertised_ssid_map', []) + dot11.get('dot11.device.responded_ssid_map', [])
        for r in records:
            name = r.get('dot11.advertisedssid.ssid') or r.get('dot11.advertisedssid.dot11s.meshid') or ''
            entry = (d['kismet.device.base.macaddr'].lower(), d['kismet.device.base.type'],
                     r['dot11.advertisedssid.crypt_string'])
            if entry not in found.setdefault(name, []):
                found[name].append(entry)
    return found


def compare_scene(name, devices):
    lines = []
    found = networks(devices)
    for ssid, entries in sorted(found.items()):
        if not ssid:
            continue
        if ssid not in SCENE:
            lines.append('%s: network %r is not in the scene' % (name, ssid))
            continue
        type_text, crypt, bssids = SCENE[ssid]
        for mac, have_type, have_crypt in entries:
            if have_type != type_text or have_crypt != crypt or (bssids and mac not in bssids):
                lines.append('%s: %s %s: %r %r, expected %r %r' % (name, ssid, mac, have_type, have_crypt, type_text, crypt))
    for ssid in sorted(HEARD.get(name, set()) - set(found)):
        lines.append('%s: network %s was not found' % (name, ssid))
    by_mac = {d['kismet.device.base.macaddr'].lower(): d for d in devices}
    for mac, ssid in STATIONS.items():
        aps = SCENE[ssid][2]
        if mac not in by_mac or ssid not in HEARD.get(name, set()):
            continue
        if by_mac[mac]['kismet.device.base.type'] != 'Wi-Fi Client':
            lines.append('%s: station %s is a %s' % (name, mac, by_mac[mac]['kismet.device.base.type']))
        joined = {k.lower() for k in by_mac[mac]['dot11.device'].get('dot11.device.client_map', {})}
        if joined != aps:
            lines.append('%s: station %s joined %s, expected %s' % (name, mac, sorted(joined), sorted(aps)))
        for ap in aps & set(by_mac):
            if mac not in {k.lower() for k in by_mac[ap]['dot11.device'].get('dot11.device.associated_client_map', {})}:
                lines.append('%s: access point %s does not list its client %s' % (name, ap, mac))
    return lines


def capinfos_packets(path):
    """Packets that libpcap's reader and Wireshark's agree on, or None when Wireshark finds the file damaged."""
    done = subprocess.run(['capinfos', '-Mcrm', '-T', path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode or done.stderr.strip():
        return None
    for column in done.stdout.decode('latin-1').strip().split('\n')[-1].split(','):
        if column.strip('"').isdigit():
            return int(column.strip('"'))
    return None


def check_80211(path, scene):
    name = os.path.splitext(os.path.basename(path))[0].replace('lab-', '')
    devices, numbers, done = run_host(path)
    lines, beacons, transmitters = compare(name, devices, path)
    if scene:
        lines += compare_scene(name, devices)
    packets = capinfos_packets(path)
    if packets is not None and numbers.get('packets') != str(packets):
        lines.append('%s: %s packets, capinfos says %d: %s' % (name, numbers.get('packets'), packets,
                                                              done.stderr.decode('utf-8', 'replace').strip()))
    if numbers.get('dropped', '0') != '0':
        lines.append('%s: %s packets dropped' % (name, numbers['dropped']))
    print('%-52s packets %6s errors %5s beaconing %3d transmitters %3d devices %4s%s' % (
        name, numbers.get('packets', '?'), numbers.get('errors', '?'), beacons, transmitters, numbers.get('devices', '?'),
        ' DIFFERENT' if lines else ''))
    return lines


def check_other(path):
    name = os.path.basename(path)
    _, numbers, done = run_host(path)
    packets = capinfos_packets(path)
    if packets is not None and numbers and numbers.get('packets') != str(packets):
        return ['%s: %s packets, capinfos says %d' % (name, numbers.get('packets'), packets)]
    if not numbers and not done.stderr.strip():
        return ['%s: no last line and no message' % name]
    return []


def main():
    if not shutil.which('tshark') or not os.path.exists(AERIED):
        print('skipped: no tshark, or %s is not built' % AERIED)
        return 77
    wifi = sorted(glob.glob(os.path.join(CAPTURES, 'wifi', '*')))
    lab = sorted(glob.glob(os.path.join(CAPTURES, 'lab', '*.pcap')))
    data = sorted(glob.glob(os.path.join(SOURCE, 'tests', 'data', 'lab-ch*.pcap')))
    other = sorted(glob.glob(os.path.join(CAPTURES, 'bluetooth', '*.pcap*')) +
                   glob.glob(os.path.join(CAPTURES, 'zigbee', '*.pcap*')))
    only = sys.argv[1:]
    differences, files = [], 0
    for path, check in ([(p, lambda p: check_80211(p, False)) for p in wifi] +
                        [(p, lambda p: check_80211(p, True)) for p in lab + data] + [(p, check_other) for p in other]):
        if only and not any(o in path for o in only):
            continue
        files += 1
        try:
            differences += check(path)
        except (RuntimeError, subprocess.TimeoutExpired, ValueError, KeyError) as err:
            differences.append('%s: %s: %s' % (os.path.basename(path), type(err).__name__, err))
    if not files:
        print('skipped: no captures (set AERIE_CAPTURES)')
        return 77
    print('%d files, %d differences' % (files, len(differences)))
    for line in differences:
        print('  ' + line)
    return 1 if differences else 0


if __name__ == '__main__':
    sys.exit(main())
