#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# unpack.pl: reads one msgpack document on standard input with Data::MessagePack, and prints it as JSON with the type of each value:
# {"s": hex digits of a text}, {"i": "decimal"}, {"f": "number"}, lists as lists, maps as {"m": [[key, value], ...]}.
# PERL_DATA_MESSAGEPACK=pp reads with the module's reader in Perl instead of the one in C.
use strict;
use warnings;
use B;
use Data::MessagePack;

sub text {
	my ($octets) = @_;
	utf8::encode($octets) if utf8::is_utf8($octets);
	return '{"s":"' . unpack('H*', $octets) . '"}';
}

sub shown {
	my ($v) = @_;
	return 'null' if !defined $v;
	return '[' . join(',', map { shown($_) } @$v) . ']' if ref $v eq 'ARRAY';
	return '{"m":[' . join(',', map { '[' . text($_) . ',' . shown($v->{$_}) . ']' } keys %$v) . ']}' if ref $v eq 'HASH';
	return $v ? 'true' : 'false' if ref $v;
	my $flags = B::svref_2object(\$v)->FLAGS;
	return text($v) if $flags & B::SVf_POK;
	return sprintf('{"f":"%.17g"}', $v) if $flags & B::SVf_NOK;
	return qq({"i":"$v"});
}

binmode STDIN;
my $octets = do { local $/; <STDIN> };
print shown(Data::MessagePack->new->unpack($octets)), "\n";
