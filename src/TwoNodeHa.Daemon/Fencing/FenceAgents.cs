using System.Diagnostics;
using TwoNodeHa.Core.Config;
using TwoNodeHa.Daemon.Tools;

namespace TwoNodeHa.Daemon.Fencing;

/// <summary>Makes the agents of a configuration.</summary>
internal static class FenceAgents
{
    private const string ProductUuid = "/sys/class/dmi/id/product_uuid";

    public static IReadOnlyList<NamedAgent> Of(HaConfig config, ToolRunner tools) => [.. config.Fences.Select(fence => new NamedAgent(fence, Of(fence, tools)))];

    private static IFenceAgent Of(FenceConfig fence, ToolRunner tools) => fence.Kind switch
    {
        FenceKind.Ipmi => new IpmiAgent(fence, tools),
        FenceKind.Redfish => new RedfishAgent(fence),
        FenceKind.Program => new ProgramAgent(fence, tools),
        _ => throw new UnreachableException($"no agent is made for {fence.Kind}"),
    };

    /// <summary>Uuid of this host by its firmware (SMBIOS); null when there is none, as in most virtual machines of a test.</summary>
    public static Guid? OwnUuid()
    {
        try
        {
            return Guid.TryParse(File.ReadAllText(ProductUuid).Trim(), out var uuid) ? uuid : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
