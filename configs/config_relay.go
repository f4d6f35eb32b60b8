package configs

import "time"

// Relay is the section relay.
type Relay struct {
	Suites        []int         `mapstructure:"suites" acts:"live" validate:"min=1,unique,dive,oneof=1 2 3 83"`
	Retention     time.Duration `mapstructure:"retention" acts:"live" validate:"min=1m,max=8760h"`
	MaxBody       Bytes         `mapstructure:"max_body" acts:"live" validate:"min=4096,max=65536"`
	QueueMessages int           `mapstructure:"queue_messages" acts:"live" validate:"min=16,max=1000000"`
	QueueBytes    Bytes         `mapstructure:"queue_bytes" acts:"live" validate:"min=1048576,max=1073741824"`
	SendRate      int           `mapstructure:"send_rate" acts:"live" validate:"min=1,max=10000"`
	SendBurst     int           `mapstructure:"send_burst" acts:"live" validate:"min=1,max=100000"`
	Window        int           `mapstructure:"window" acts:"restart" validate:"min=1,max=256"`
	KeyPackages   int           `mapstructure:"key_packages" acts:"live" validate:"min=1,max=100"`
	MaxPeople     int           `mapstructure:"max_people" acts:"live" validate:"min=2,max=32"`
	MaxDevices    int           `mapstructure:"max_devices" acts:"live" validate:"min=1,max=16"`
	DeviceIdle    time.Duration `mapstructure:"device_idle" acts:"live" validate:"min=24h,max=8760h"`
	SweepInterval time.Duration `mapstructure:"sweep_interval" acts:"restart" validate:"min=100ms,max=24h"`
	ScrubInterval time.Duration `mapstructure:"scrub_interval" acts:"restart" validate:"min=100ms,max=1h"`
	Keys          RelayKeys     `mapstructure:"keys"`
	Attachments   Attachments   `mapstructure:"attachments"`
}

// RelayKeys is the section relay.keys. With a command the file is not used.
type RelayKeys struct {
	File    string        `mapstructure:"file" acts:"restart"`
	Command []string      `mapstructure:"command" acts:"restart"`
	Reload  time.Duration `mapstructure:"reload" acts:"restart" validate:"min=1s,max=24h"`
}

// Attachments is the section relay.attachments.
type Attachments struct {
	Dir        string `mapstructure:"dir" acts:"restart"`
	MaxSize    Bytes  `mapstructure:"max_size" acts:"live" validate:"min=65536,max=4294967296"`
	ChunkBytes Bytes  `mapstructure:"chunk_bytes" acts:"restart" validate:"min=16384,max=8388608"`
	PerPerson  Bytes  `mapstructure:"per_person" acts:"live" validate:"min=1048576,max=1099511627776"`
	S3         S3     `mapstructure:"s3"`
}

// S3 is the section relay.attachments.s3. Without an endpoint the directory is
// used.
type S3 struct {
	Endpoint  string `mapstructure:"endpoint" acts:"restart" validate:"omitempty,url"`
	Bucket    string `mapstructure:"bucket" acts:"restart" validate:"max=63"`
	Region    string `mapstructure:"region" acts:"restart" validate:"max=64"`
	AccessKey string `mapstructure:"access_key" acts:"restart" validate:"max=256"`
	SecretKey Secret `mapstructure:"secret_key" acts:"restart" validate:"max=256"`
	PathStyle bool   `mapstructure:"path_style" acts:"restart"`
}
