#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What IEEE 802.11 frames make of devices, with frames made here one by one. Expected values: plugins/phy80211/README.md and the rules
of roles, counters and signals that the ecosystem follows."""

import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib

BUILD = os.environ.get('AERIE_BUILD', 'build')
AERIED = os.path.join(BUILD, 'bin', 'aeried')
RUN_SECONDS = 60
BROADCAST = 'ff:ff:ff:ff:ff:ff'
AP, STA, HOST, PEER, OTHER = ('02:00:00:00:00:0%d' % i for i in range(1, 6))
TIME = 1700000000
failures = []


def mac(text):
    return bytes(int(b, 16) for b in text.split(':'))


def element(number, octets):
    return bytes([number, len(octets)]) + octets


def radiotap(frame, signal=-40, freq=2437, fcs=None):
    """fcs: None: not there; True: right; False: wrong; 'flag': flagged as bad by the radio."""
    flags = 0 if fcs is None else 0x50 if fcs == 'flag' else 0x10
    if fcs is not None:
        frame += struct.pack('<I', zlib.crc32(frame) ^ (0 if fcs is True else 1))
    return struct.pack('<BBHIBBHHbx', 0, 0, 16, 0x2e, flags, 2, freq, 0xa0, signal) + frame


def header(control, *addresses, flags=0, seq=0):
    fourth = mac(addresses[3]) if len(addresses) > 3 else b''
    return bytes([control, flags, 0, 0]) + b''.join(mac(a) for a in addresses[:3]) + struct.pack('<H', seq << 4) + fourth


def beacon(bssid, ssid, capab=0x0401, sa=None, more=b'', channel=6, interval=100, subtype=0x80, da=BROADCAST):
    return (header(subtype, da, sa or bssid, bssid) + struct.pack('<QHH', 5, interval, capab) + element(0, ssid) +
            element(3, bytes([channel])) + more)


def run(packets, *options, link=127, cut=0, times=None):
    """Devices by address, and the numbers of the last line. A packet comes a second after the one before, unless times says when."""
    with tempfile.TemporaryDirectory() as home:
        path, out = os.path.join(home, 'in.pcap'), os.path.join(home, 'out.json')
        with open(path, 'wb') as f:
            f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, link))
            for i, p in enumerate(packets):
                f.write(struct.pack('<IIII', times[i] if times else TIME + i, 0, len(p), len(p) + cut) + p)
        done = subprocess.run([AERIED, '--home', os.path.join(home, 'home'), '-s', 'remote_capture_enabled=false', '--no-plugin', '*httpd*', '-c', path,
                               '--exit-when-done', '--write-devices', out, *options],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=RUN_SECONDS, check=False)
        if done.returncode:
            raise RuntimeError('exit status %d: %s' % (done.returncode, done.stderr.decode()))
        last = done.stdout.decode().strip().splitlines()[-1]
        with open(out, encoding='utf-8') as f:
            devices = json.load(f)
        return ({d['kismet.device.base.macaddr'].lower(): d for d in devices},
                {k: float(v) for k, v in (item.split('=') for item in last[6:].split())})


def expect(what, have, want):
    if have != want:
        failures.append('%s: have %r, want %r' % (what, have, want))


def base(device, member):
    return device['kismet.device.base.' + member]


def dot11(device, member):
    return device['dot11.device']['dot11.device.' + member]


def signal(device):
    return device.get('kismet.device.base.signal', {}).get('kismet.common.signal.last_signal', 0)


def beacons_describe_the_access_point():
    devices, _ = run([radiotap(beacon(AP, b'net\xc3\xa9'), signal=-30 - i) for i in range(3)])
    expect('devices', sorted(devices), [AP])
    d = devices[AP]
    expect('type', base(d, 'type'), 'Wi-Fi AP')
    expect('basic type', base(d, 'basic_type_set'), 1)
    expect('typeset', dot11(d, 'typeset'), 1)
    expect('name', base(d, 'name'), 'net\u00e9')
    expect('crypt', base(d, 'crypt'), 'Open')
    expect('channel', base(d, 'channel'), '6')
    expect('signal', signal(d), -32)
    expect('counters', [base(d, 'packets.' + c) for c in ('total', 'tx_total', 'rx_total', 'llc', 'data')], [3, 3, 0, 3, 0])
    (ssid,) = dot11(d, 'advertised_ssid_map')
    expect('record', [ssid['dot11.advertisedssid.' + m] for m in
                      ('ssid', 'ssidlen', 'beaconrate', 'cloaked', 'first_time', 'last_time', 'channel')],
           ['net\u00e9', 5, 10, 0, TIME, TIME + 2, '6'])
    expect('timestamp', dot11(d, 'bss_timestamp'), 5)


def a_changed_beacon_is_read_again():
    rsn = element(48, bytes.fromhex('0100000fac040100000fac040100000fac020000'))
    devices, _ = run([radiotap(beacon(AP, b'net')), radiotap(beacon(AP, b'net', capab=0x11, more=rsn))])
    expect('records', dot11(devices[AP], 'num_advertised_ssids'), 1)
    expect('crypt', base(devices[AP], 'crypt'), 'WPA2 WPA2-PSK AES-CCMP')
    expect('crypt set', base(devices[AP], 'basic_crypt_set'), 6)


def times_do_not_depend_on_the_order_of_frames():
    request = header(0x00, AP, STA, AP) + struct.pack('<HH', 0x11, 5) + element(0, b'net')
    packets = [radiotap(f) for f in (beacon(AP, b'net'), request) for _ in range(3)]
    devices, _ = run(packets, times=[TIME + s for s in (50, 20, 40, 51, 21, 41)])
    (ssid,), (probed,) = dot11(devices[AP], 'advertised_ssid_map'), dot11(devices[STA], 'probed_ssid_map')
    (tie,), (seen,) = dot11(devices[STA], 'client_map').values(), devices[STA]['kismet.device.base.seenby']
    for what, record, prefix in (('access point', devices[AP], 'kismet.device.base.'), ('SSID', ssid, 'dot11.advertisedssid.')):
        expect(what, (record[prefix + 'first_time'], record[prefix + 'last_time']),
               (TIME + 20, TIME + (51 if what == 'access point' else 50)))
    for what, record, prefix in (('station', devices[STA], 'kismet.device.base.'), ('probed SSID', probed, 'dot11.probedssid.'),
                                 ('client', tie, 'dot11.client.'), ('seenby', seen, 'kismet.common.seenby.')):
        expect(what, (record[prefix + 'first_time'], record[prefix + 'last_time']), (TIME + 21, TIME + 51))
    expect('newest beacon', dot11(devices[AP], 'last_beacon_timestamp'), TIME + 50)


def wps_texts_end_before_the_nuls_that_fill_them():
    def attribute(number, octets):
        return struct.pack('>HH', number, len(octets)) + octets

    wps = element(221, bytes.fromhex('0050f204') + attribute(0x104a, b'\x10') + attribute(0x1021, b'HP\0') +
                  attribute(0x1023, b'LaserJet M477\0\0\0') + attribute(0x1024, b'\0') + attribute(0x1042, b'V\0N') +
                  attribute(0x1011, b'') + attribute(0x1047, bytes(16)))
    devices, _ = run([radiotap(beacon(AP, b'net', more=wps))])
    (ssid,) = dot11(devices[AP], 'advertised_ssid_map')
    expect('texts', [ssid.get('dot11.advertisedssid.wps_' + m) for m in
                     ('manuf', 'model_name', 'model_number', 'serial_number', 'device_name', 'uuid_e')],
           ['HP', 'LaserJet M477', '', 'V\\u0000N', '', '00' * 16])


def a_country_is_two_letters():
    for octets, want in ((b'US \1\13\36', 'US'), (b'DEI', 'DE'), (b'FR\4', 'FR'), (b'GB', ''), (b'\0\0 ', '')):
        devices, _ = run([radiotap(beacon(AP, b'net', more=element(7, octets)))])
        (ssid,) = dot11(devices[AP], 'advertised_ssid_map')
        expect(repr(octets), ssid['dot11.advertisedssid.dot11d_country'], want)


def encryption_that_was_cut_off_is_unknown():
    rsn = element(48, bytes.fromhex('0100000fac040100000fac040100000fac020000'))
    whole = radiotap(beacon(AP, b'net', capab=0x11, more=rsn))
    cut = whole[:-len(rsn)]

    def told(packets, cut):
        devices, _ = run(packets, cut=cut)
        (ssid,) = dot11(devices[AP], 'advertised_ssid_map')
        return [base(devices[AP], 'crypt')] + [ssid['dot11.advertisedssid.crypt_' + m] for m in ('string', 'set', 'bitfield')]

    wpa2 = ['WPA2 WPA2-PSK AES-CCMP', 'WPA2 WPA2-PSK AES-CCMP', 0x100002c0, 1 << 1 | 1 << 3 | 1 << 10 | 1 << 26 | 1 << 38]
    expect('whole', told([whole], 0), wpa2)
    expect('cut behind it', told([whole], 40), wpa2)
    expect('cut before it', told([cut], 40), ['Unknown', 'Unknown', 0x1000000, 0])
    expect('cut before it, then behind it', told([cut, whole], 40), wpa2)
    expect('cut behind it, then before it', told([whole, cut], 40), wpa2)
    expect('cut within it', told([whole[:-4]], 0)[0], 'Unknown')
    expect('WEP', told([cut], 0), ['WEP', 'WEP', 2, 1])


def the_newest_names_are_told():
    asking = [header(0x40, BROADCAST, STA, BROADCAST) + element(0, n) for n in (b'one', b'two', b'one')]
    devices, _ = run([radiotap(f) for f in [beacon(AP, b'a'), beacon(AP, b'b\n')] + asking])
    expect('beaconed', dot11(devices[AP], 'last_beaconed_ssid'), 'b\\n')
    expect('probed', dot11(devices[STA], 'last_probed_ssid'), 'one')
    expect('neither', [dot11(devices[AP], 'last_probed_ssid'), dot11(devices[STA], 'last_beaconed_ssid')], ['', ''])


def a_hidden_name_is_told_by_the_probe_response():
    devices, _ = run([radiotap(beacon(AP, b'\0\0\0')), radiotap(beacon(AP, b'abc', subtype=0x50, da=STA))])
    (hidden,), (told,) = dot11(devices[AP], 'advertised_ssid_map'), dot11(devices[AP], 'responded_ssid_map')
    expect('hidden', [hidden['dot11.advertisedssid.' + m] for m in ('ssid', 'ssidlen', 'cloaked')], ['', 3, 1])
    expect('told', told['dot11.advertisedssid.ssid'], 'abc')
    expect('name', base(devices[AP], 'name'), 'abc')
    expect('in beacons', dot11(devices[AP], 'last_beaconed_ssid'), '')
    expect('typeset', dot11(devices[AP], 'typeset'), 0x101)
    expect('addressed', [base(devices[STA], 'type'), dot11(devices[STA], 'num_client_aps')], ['Wi-Fi Client', 0])


def an_association_ties_client_and_access_point():
    request = header(0x00, AP, STA, AP) + struct.pack('<HH', 0x11, 5) + element(0, b'net') + element(33, b'\x01\x14')
    devices, _ = run([radiotap(request)])
    expect('type', base(devices[STA], 'type'), 'Wi-Fi Client')
    expect('networks', [k.lower() for k in dot11(devices[STA], 'client_map')], [AP])
    expect('last network', dot11(devices[STA], 'last_bssid').lower(), AP)
    expect('clients', [k.lower() for k in dot11(devices[AP], 'associated_client_map')], [STA])
    expect('power', [dot11(devices[STA], 'min_tx_power'), dot11(devices[STA], 'max_tx_power')], [1, 20])
    expect('asked', [s['dot11.probedssid.ssid'] for s in dot11(devices[STA], 'probed_ssid_map')], ['net'])
    expect('access point', [base(devices[AP], 'type'), base(devices[AP], 'packets.tx_total')], ['Wi-Fi Device (Inferred)', 0])


def data_gives_roles_by_the_ds_bits():
    devices, _ = run([radiotap(header(0x08, AP, STA, HOST, flags=1) + bytes(100)),
                      radiotap(header(0x08, STA, AP, HOST, flags=0x4a) + bytes(50))])
    expect('types', [base(devices[m], 'type') for m in (AP, STA, HOST)], ['Wi-Fi AP', 'Wi-Fi Client', 'Wi-Fi Bridged'])
    expect('basic types', [base(devices[m], 'basic_type_set') for m in (AP, STA, HOST)], [1, 2, 4])
    expect('sent', [base(devices[m], 'packets.tx_total') for m in (AP, STA, HOST)], [1, 1, 0])
    expect('size', [base(devices[m], 'datasize') for m in (AP, STA, HOST)], [150, 150, 150])
    expect('signals', [signal(devices[m]) for m in (AP, STA, HOST)], [0, -40, 0])
    expect('repeated', [dot11(devices[STA], 'num_retries'), dot11(devices[STA], 'datasize_retry')], [1, 50])
    (tie,) = dot11(devices[STA], 'client_map').values()
    expect('tie', [tie['dot11.client.datasize'], tie['dot11.client.first_time'], tie['dot11.client.last_time']],
           [150, TIME, TIME + 1])


def an_access_points_signal_comes_from_beacons_unless_configured():
    packets = [radiotap(beacon(AP, b'net'), signal=-50), radiotap(header(0x08, STA, AP, HOST, flags=2) + b'x', signal=-20)]
    expect('by default', signal(run(packets)[0][AP]), -50)
    expect('configured', signal(run(packets, '-s', 'dot11_ap_signal_from_beacon=false')[0][AP]), -20)


def a_relay_of_four_addresses_is_no_access_point_by_name():
    devices, _ = run([radiotap(header(0x08, AP, PEER, HOST, OTHER, flags=3) + b'x')])
    expect('types', [base(devices[m], 'type') for m in (AP, PEER, HOST, OTHER)],
           ['Wi-Fi WDS AP', 'Wi-Fi WDS AP', 'Wi-Fi WDS', 'Wi-Fi WDS'])
    expect('basic types', [base(devices[m], 'basic_type_set') for m in (AP, PEER, HOST, OTHER)], [9, 9, 8, 8])
    expect('sent', [base(devices[m], 'packets.tx_total') for m in (AP, PEER, HOST, OTHER)], [0, 1, 0, 0])


def the_type_does_not_depend_on_the_order_of_frames():
    packets = [radiotap(header(0x08, AP, STA, HOST, flags=1) + b'x'), radiotap(beacon(AP, b'net')),
               radiotap(header(0x08, AP, PEER, HOST, OTHER, flags=3) + b'x'), radiotap(beacon(PEER, b'', capab=2, sa=OTHER))]
    for order in (packets, packets[::-1]):
        devices, _ = run(order)
        expect('types', [base(devices[m], 'type') for m in (AP, STA, PEER, OTHER)],
               ['Wi-Fi AP', 'Wi-Fi Client', 'Wi-Fi Ad-Hoc', 'Wi-Fi Ad-Hoc'])


def every_transmitter_is_a_device_and_nobody_else():
    rts = bytes([0xb4, 0, 0, 0]) + mac(AP) + mac('03:00:00:00:00:02')  # bandwidth signalling
    ps_poll = bytes([0xa4, 0, 1, 0xc0]) + mac(AP) + mac(PEER)
    cts = bytes([0xc4, 0, 0, 0]) + mac(OTHER)
    null = header(0x48, AP, HOST, AP, flags=1)
    devices, numbers = run([radiotap(f) for f in (rts, ps_poll, cts, null)])
    expect('devices', sorted(devices), sorted([STA, PEER, HOST]))
    expect('types', [base(devices[m], 'type') for m in (STA, PEER, HOST)], ['Wi-Fi Device', 'Wi-Fi Device', 'Wi-Fi Client'])
    expect('errors', numbers['errors'], 0)


def damaged_frames_are_errors_and_make_no_device():
    good = beacon(AP, b'net')
    for what, packet in (('wrong FCS', radiotap(good, fcs=False)), ('flagged', radiotap(good, fcs='flag')),
                         ('header cut', radiotap(good[:20])), ('fixed fields cut', radiotap(good[:30])),
                         ('version', radiotap(b'\x81' + good[1:])), ('radiotap cut', radiotap(good)[:10])):
        devices, numbers = run([packet])
        expect(what, (sorted(devices), numbers['errors']), ([], 1))
    devices, numbers = run([radiotap(good, fcs=True)])
    expect('right FCS', (sorted(devices), numbers['errors']), ([AP], 0))
    devices, numbers = run([radiotap(good)], cut=40)
    expect('cut by the capture', (sorted(devices), numbers['errors']), ([AP], 0))
    devices, numbers = run([radiotap(good)], cut=20000)
    expect('longer than a frame can be', (sorted(devices), numbers['errors']), ([], 1))


def makers_come_from_options_files_and_the_registry():
    packets = [radiotap(beacon('00:22:72:00:00:01', b'a')), radiotap(beacon('06:11:22:00:00:01', b'b')),
               radiotap(beacon(AP, b'c'))]
    with tempfile.NamedTemporaryFile('w', suffix='.txt') as f:
        f.write('00:22:72\tMicro\tMicro Fuel\n06:11:22\tOther\n')
        f.flush()
        devices, _ = run(packets, '-s', 'ouifile=' + f.name, '-s', 'manuf=06:11:22,Mine')
    expect('makers', [base(devices[m], 'manuf') for m in ('00:22:72:00:00:01', '06:11:22:00:00:01', AP)],
           ['Micro Fuel', 'Mine', 'Unknown'])


def main():
    if not os.path.exists(AERIED):
        print('skipped: %s is not built' % AERIED)
        return 77
    tests = [beacons_describe_the_access_point, a_changed_beacon_is_read_again, times_do_not_depend_on_the_order_of_frames,
             wps_texts_end_before_the_nuls_that_fill_them, a_country_is_two_letters,
             encryption_that_was_cut_off_is_unknown, the_newest_names_are_told, a_hidden_name_is_told_by_the_probe_response,
             an_association_ties_client_and_access_point, data_gives_roles_by_the_ds_bits,
             an_access_points_signal_comes_from_beacons_unless_configured,
             a_relay_of_four_addresses_is_no_access_point_by_name, the_type_does_not_depend_on_the_order_of_frames,
             every_transmitter_is_a_device_and_nobody_else, damaged_frames_are_errors_and_make_no_device,
             makers_come_from_options_files_and_the_registry]
    for test in tests:
        before = len(failures)
        test()
        print('%s %s' % ('ok  ' if len(failures) == before else 'FAIL', test.__name__))
        for line in failures[before:]:
            print('     ' + line)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
