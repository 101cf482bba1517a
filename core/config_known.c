/* SPDX-License-Identifier: MIT */
/* Keys that configurations of the ecosystem set, in the order of strcmp(). Those that nobody declares here are answered
 * with a warning, so that an existing configuration is accepted; any other unknown key is an error. */
#include <config.h>

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <core/config_priv.h>

static const char *const known[] = {
	"alert", "alertbacklog", "allowkeytransmit", "allowplugins", "btle_ignore_random", "btmanuf_lookup",
	"btmanuffile", "btoid_lookup", "btoidfile", "capture_binary_path", "channel_hop", "channel_hop_speed",
	"configdir", "device_location_signal_threshold", "device_location_signal_threshold_dbm",
	"dot11_11d_country_full", "dot11_ap_only_survey", "dot11_ap_signal_from_beacon",
	"dot11_beacon_ie_fingerprint", "dot11_datasource_opt", "dot11_fingerprint_devices", "dot11_keep_eapol",
	"dot11_keep_ietags", "dot11_link_bssts", "dot11_max_signal", "dot11_probe_ie_fingerprint",
	"dot11_process_phy", "dot11_related_bss_window", "dot11_ssidscan_block_logging", "dot11_ssidscan_datasource",
	"dot11_ssidscan_dynamic_logging", "dot11_ssidscan_enabled", "dot11_ssidscan_ignore_after_handshake",
	"dot11_ssidscan_maximum_lock", "dot11_ssidscan_minimum_hop", "dot11_ssidscan_ssid",
	"dot11_view_accesspoints", "dot11_view_ssids", "enable_logging", "gps", "helper_binary_path", "hidedata",
	"httpd_allow_auth_creation", "httpd_allow_auth_view", "httpd_allow_cors", "httpd_allowed_origin",
	"httpd_auth_file", "httpd_bind_address", "httpd_home", "httpd_jwt_issuer", "httpd_jwt_key", "httpd_mime",
	"httpd_password", "httpd_port", "httpd_redirect_unknown", "httpd_session_db", "httpd_session_timeout",
	"httpd_ssl", "httpd_ssl_cert", "httpd_ssl_key", "httpd_uri_prefix", "httpd_user_home", "httpd_username",
	"icao_lookup", "icaofile", "keep_location_cloud_history", "keep_per_datasource_stats",
	"kis_log_alert_timeout", "kis_log_alerts", "kis_log_channel_history", "kis_log_channel_history_rate",
	"kis_log_data_packets", "kis_log_datasource_rate", "kis_log_datasources", "kis_log_datasources_rate",
	"kis_log_device_filter", "kis_log_device_filter_default", "kis_log_device_rate", "kis_log_device_timeout",
	"kis_log_devices", "kis_log_duplicate_packets", "kis_log_ephemeral_dangerous", "kis_log_gps_track",
	"kis_log_message_timeout", "kis_log_messages", "kis_log_packet_filter", "kis_log_packet_filter_default",
	"kis_log_packet_timeout", "kis_log_packets", "kis_log_snapshot_timeout", "kis_log_system_status",
	"kismet_packet_threads", "log_prefix", "log_template", "log_title", "log_types", "logdefault", "logtemplate",
	"logtypes", "manuf", "manuf_lookup", "mask_datasource_interface", "mask_datasource_type", "ouifile",
	"override_remote_timestamp", "packet_backlog_limit", "packet_backlog_warning", "packet_dedup_size",
	"packet_log_warning", "pcapdumpformat", "pcapng_log_data_packets", "pcapng_log_duplicate_packets",
	"pcapng_log_max_mb", "pcapng_truncate_duplicate_packets", "ppi_log_data_packets",
	"ppi_log_duplicate_packets", "randomized_hopping", "remote_capture_enabled", "remote_capture_listen",
	"remote_capture_port", "retry_on_source_error", "rtl433_track_last", "server_announce",
	"server_announce_address", "server_announce_port", "server_description", "server_location", "server_name",
	"server_uuid", "servername", "source", "source_launch_delay", "source_launch_group",
	"source_stagger_threshold", "split_source_hopping", "track_device_phy_views", "track_device_rrds",
	"track_device_seenby_views", "tracker_device_packets", "tracker_device_presize", "tracker_device_timeout",
	"tracker_max_devices", "tzsp_allowed", "tzsp_enable", "tzsp_listen", "uav_match", "ulimit_mbytes", "wepkey",
	"wigle_log_throttle", "writeinterval",
};

static int compare(const void *key, const void *row)
{
	return strcmp(key, *(const char *const *)row);
}

bool config_key_of_ecosystem(const char *key)
{
	return bsearch(key, known, sizeof known / sizeof known[0], sizeof known[0], compare) != NULL;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Damerau's distance, of which no letter is touched twice: three rows of the table are alive, `two` is the one before `one`. */
unsigned config_distance(const char *a, const char *b)
{
	unsigned rows[3][CONFIG_KEY_MAX + 1], *row = rows[0], *one = rows[1], *two = rows[2], *spare;
	size_t la = strnlen(a, CONFIG_KEY_MAX), lb = strnlen(b, CONFIG_KEY_MAX), i, j;

	for (j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (i = 1; i <= la; i++) {
		spare = two;
		two = one;
		one = row;
		row = spare;
		row[0] = (unsigned)i;
		for (j = 1; j <= lb; j++) {
			row[j] = least(least(one[j], row[j - 1]) + 1, one[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = least(row[j], two[j - 2] + 1);
		}
	}
	return row[lb];
}

unsigned config_nearness(const char *given, const char *known_name)
{
	size_t longer = strnlen(given, CONFIG_KEY_MAX), other = strnlen(known_name, CONFIG_KEY_MAX);
	unsigned d = config_distance(given, known_name);

	if (other > longer)
		longer = other;
	return d * 3 <= longer ? d : UINT_MAX;
}
