package main

import (
	"kinwire/configs"
	"kinwire/signaling/relay"
	"kinwire/signaling/relay/groups"
)

func relayConfig(r configs.Relay) relay.Config {
	return relay.Config{
		MaxBody: int(r.MaxBody), Retention: r.Retention, QueueMessages: int64(r.QueueMessages), QueueBytes: int64(r.QueueBytes),
		SendRate: float64(r.SendRate), SendBurst: r.SendBurst, Window: r.Window,
		SweepInterval: r.SweepInterval, ScrubInterval: r.ScrubInterval,
	}
}

// attachmentTypes is what the apps offer to send; the server sees ciphertext.
var attachmentTypes = []string{"image/jpeg", "image/png", "image/webp", "image/gif", "audio/webm", "audio/mp4", "audio/ogg", "video/webm", "video/mp4"}

func groupsConfig(r configs.Relay) groups.Config {
	c := groups.Config{
		KeyPackages: int64(r.KeyPackages), MaxPeople: int64(r.MaxPeople), MaxDevices: int64(r.MaxDevices),
		Retention: r.Retention, DeviceIdle: r.DeviceIdle, SweepInterval: r.SweepInterval,
		MaxBody: int64(r.MaxBody), MaxAttachment: int64(r.Attachments.MaxSize), ChunkBytes: int64(r.Attachments.ChunkBytes),
		AttachmentTypes: attachmentTypes,
	}
	for _, s := range r.Suites {
		c.Suites = append(c.Suites, int64(s))
	}
	return c
}
