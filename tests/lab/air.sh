# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# A known radio neighbourhood on 18 radios. What it sets up is the expected result of the tests: test_lab.py has the same table.
#
#   radio       channel  what
#   wlan0       1        lab-open    open
#   wlan1       1        lab-wpa1    WPA-PSK, TKIP
#   wlan2       6        lab-wpa2    WPA2-PSK, CCMP, WPS, 802.11n
#   wlan3       6        lab-sae     WPA3-SAE, PMF required
#   wlan4       6        lab-hidden  open, SSID not broadcast
#   wlan5       11       lab-owe     OWE, PMF required
#   wlan6       11       lab-mixed   WPA2/WPA3 transition, FT
#   wlan7       36       lab-ac      WPA2-PSK, 802.11ac 80 MHz
#   wlan8,9     11       lab-mesh    mesh (802.11s), two points
#   wlan10,11   1        lab-adhoc   IBSS 02:ca:fe:00:00:01, two stations
#   wlan12..16  clients  of lab-wpa2, lab-sae, lab-hidden, lab-owe, lab-ac
#   wlan17      probes for "cafe-one" and "airport-free", never joins
#
# Addresses: 02:00:00:00:NN:00, NN the radio's number in hexadecimal. Every passphrase is "correcthorse".
air_up() {
	# First and alone: under emulation its key exchange just fits into the time that a client waits for an association.
	ip link set wlan5 up
	ip link set wlan15 up
	ap wlan5 lab-owe 11 hw_mode=g wpa=2 wpa_key_mgmt=OWE rsn_pairwise=CCMP ieee80211w=2 owe_groups=19
	station wlan15 scan_freq=2462 'ssid="lab-owe"' key_mgmt=OWE ieee80211w=2
	wait_connected wlan15
	for _w in 0 1 2 3 4 6 7 8 9 10 11 12 13 14 16 17; do ip link set wlan$_w up; done
	ap wlan0 lab-open 1 hw_mode=g
	ap wlan1 lab-wpa1 1 hw_mode=g wpa=1 wpa_key_mgmt=WPA-PSK wpa_pairwise=TKIP wpa_passphrase=correcthorse
	ap wlan2 lab-wpa2 6 hw_mode=g ieee80211n=1 wpa=2 wpa_key_mgmt=WPA-PSK rsn_pairwise=CCMP wpa_passphrase=correcthorse \
		wps_state=2 eap_server=1 device_name=lab-router manufacturer=Aerie model_name=Lab model_number=1 serial_number=12345 \
		device_type=6-0050F204-1 'config_methods=label display push_button keypad' ap_pin=12345670
	ap wlan3 lab-sae 6 hw_mode=g wpa=2 wpa_key_mgmt=SAE rsn_pairwise=CCMP ieee80211w=2 sae_password=correcthorse
	ap wlan4 lab-hidden 6 hw_mode=g ignore_broadcast_ssid=1
	ap wlan6 lab-mixed 11 hw_mode=g wpa=2 'wpa_key_mgmt=WPA-PSK SAE FT-PSK' rsn_pairwise=CCMP ieee80211w=1 \
		wpa_passphrase=correcthorse mobility_domain=a1b2 nas_identifier=lab ft_psk_generate_local=1
	ap wlan7 lab-ac 36 hw_mode=a ieee80211n=1 ieee80211ac=1 'ht_capab=[HT40+]' vht_oper_chwidth=1 \
		vht_oper_centr_freq_seg0_idx=42 wpa=2 wpa_key_mgmt=WPA-PSK rsn_pairwise=CCMP wpa_passphrase=correcthorse
	mesh wlan8 lab-mesh 2462
	mesh wlan9 lab-mesh 2462
	adhoc wlan10 lab-adhoc 2412 02:ca:fe:00:00:01
	adhoc wlan11 lab-adhoc 2412 02:ca:fe:00:00:01
}

air_clients() {
	station wlan12 scan_freq=2437 'ssid="lab-wpa2"' 'psk="correcthorse"'
	station wlan13 scan_freq=2437 'ssid="lab-sae"' key_mgmt=SAE 'sae_password="correcthorse"' ieee80211w=2
	station wlan14 scan_freq=2437 'ssid="lab-hidden"' scan_ssid=1 key_mgmt=NONE
	station wlan16 scan_freq=5180 'ssid="lab-ac"' 'psk="correcthorse"'
	for _w in 12 13 14 16; do wait_connected wlan$_w; done
	for _w in 8 9 10 11; do until_true 20 has_peer wlan$_w; done
	for _w in 12 13 14 15 16; do wpa_cli -i wlan$_w status >/out/wlan$_w.status; done
	air_talk &
	echo $! >/tmp/talk.pid
	air_probes
}

# Each client says something now and then, so that whoever listens later sees it, too.
air_talk() { exec python3 -S -E /lab/talk.py wlan12 wlan13 wlan14 wlan15 wlan16; }

air_probes() { timeout 6 iw dev wlan17 scan freq 2412 2437 2462 5180 ssid cafe-one ssid airport-free >/dev/null; }
