namespace TwoNodeHa.Core.Config;

/// <summary>From which severity on the hook is run.</summary>
public enum HookFrom
{
    /// <summary>Significant events too, changes of state among them.</summary>
    Notice,

    /// <summary>What is wrong and lived with, and worse.</summary>
    Warning,

    /// <summary>What failed, and worse.</summary>
    Error,

    /// <summary>Only what stops VMs, leaves them unprotected, or needs a person.</summary>
    Critical,
}

/// <summary>Where events go besides the journal. Each host's own choice: nothing of it is part of a decision.</summary>
public sealed record AlertsConfig
{
    /// <summary>Events of gravity become messages of XAPI (message.create), written by the master.</summary>
    public bool Xapi { get; init; } = true;

    /// <summary>The state of the pool and of each protected VM is kept in a custom field, written by the master.</summary>
    public bool XapiFields { get; init; }

    /// <summary>Program that is run for an event; empty for none.</summary>
    public string Hook { get; init; } = "";

    /// <summary>From which severity on.</summary>
    public HookFrom HookFrom { get; init; } = HookFrom.Warning;

    /// <summary>A run of the hook that takes longer is killed; 1 s to 300 s.</summary>
    public TimeSpan HookTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>File with metrics in Prometheus' text format, for node_exporter's textfile collector; empty for none.</summary>
    public string MetricsFile { get; init; } = "";

    /// <summary>Base of a collector's OTLP/HTTP addresses, with a slash at its end; empty for none.</summary>
    public string OtlpEndpoint { get; init; } = "";

    /// <summary>Certificates (PEM) that the collector's own must be one of, or issued by; empty for http.</summary>
    public string OtlpCaFile { get; init; } = "";

    /// <summary>Between two sendings of the metrics; 5 s to 3600 s. Events are sent within two seconds.</summary>
    public TimeSpan OtlpInterval { get; init; } = TimeSpan.FromSeconds(30);
}
