using System.CommandLine;

namespace TwoNodeHa.Ctl;

/// <summary>Groups of verbs in the help, in this order.</summary>
internal enum VerbGroup
{
    /// <summary>Changes nothing.</summary>
    Look,

    /// <summary>Switches protection on and off.</summary>
    Operate,

    /// <summary>Stops or starts VMs on the operator's word.</summary>
    Emergency,

    /// <summary>Sets a site up.</summary>
    SetUp,

    /// <summary>For units of systemd, not for a person.</summary>
    Units,
}

/// <summary>A verb of ha-ctl: a command with its place in the help and with examples.</summary>
internal sealed class Verb(string name, string description, VerbGroup group) : Command(name, description)
{
    /// <summary>Where the help of ha-ctl lists it.</summary>
    public VerbGroup Group { get; } = group;

    /// <summary>Command lines, each with a comment behind <c>#</c>.</summary>
    public string[] Examples { get; set; } = [];
}
