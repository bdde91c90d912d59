using System.Globalization;
using System.Text;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Core.Vms;

namespace TwoNodeHa.Ctl.Output;

/// <summary>VMs for people.</summary>
internal static class VmText
{
    /// <summary>All VMs, those that would not come back first.</summary>
    public static string List(VmReport report, Screen screen)
    {
        var text = new StringBuilder(1024);
        if (report.Vms.IsEmpty)
        {
            return "No VM is known.\n";
        }

        var table = new TextTable();
        table.AddPainted(Paint.Head, "VM", "CLASS", "ORDER", "NEEDS", "ON", "IF ITS HOST FAILS");
        foreach (var vm in report.Vms.OrderBy(Urgency).ThenBy(static vm => vm.Name, StringComparer.Ordinal))
        {
            Paint? paint = Urgency(vm) == 0 ? Paint.Bad : null;
            table.AddPainted(
                paint, vm.Name, vm.Protected ? vm.Class : "-", vm.Protected ? Number(vm.Order) : "-", MemoryRules.Text(vm.NeedBytes),
                vm.On.Length > 0 ? vm.On : "-", Fate(vm));
        }

        table.AppendTo(text, screen);
        return screen.Shown(text.ToString());
    }

    /// <summary>One VM.</summary>
    public static string Show(VmDetail vm, Screen screen)
    {
        var table = new TextTable();
        table.AddPainted(Paint.Head, vm.Name, vm.Uuid.ToString());
        table.Add("Protected", $"{Words.YesNo(vm.Protected)}: {vm.ProtectedWhy}");
        if (vm.Protected)
        {
            table.Add("Start", Start(vm));
        }

        table.Add("Memory", Memory(vm));
        table.Add("Runs on", vm.On.Length > 0 ? vm.On : vm.Wanted ? "no host, and should" : "no host");
        foreach (var place in vm.Places)
        {
            AddPlace(table, place);
        }

        AddFate(table, vm);
        foreach (var remark in vm.Remarks)
        {
            table.AddPainted(Paint.Warning, "Odd", remark);
        }

        var text = new StringBuilder(512);
        table.AppendTo(text, screen);
        return screen.Shown(text.ToString());
    }

    private static void AddPlace(TextTable table, VmPlace place)
    {
        table.AddPainted(place.Can ? null : Paint.Bad, "On " + place.Host, place.Obstacles.IsEmpty ? Words.YesNo(place.Can)
            : $"{Words.YesNo(place.Can)}: {place.Obstacles[0]}");
        foreach (var more in place.Obstacles.Skip(1))
        {
            table.Add("", more);
        }
    }

    private static void AddFate(TextTable table, VmDetail vm)
    {
        if (vm.IfItsHostFails.Length > 0)
        {
            table.AddPainted(vm.ComesBack ? null : Paint.Bad, $"If {vm.On} fails", vm.IfItsHostFails);
        }

        if (vm is { DownOnMasterSeconds: { } master, DownOnSlaveSeconds: { } slave })
        {
            table.Add("Down for", string.Create(CultureInfo.InvariantCulture, $"on the master about {master:F0} s, on the slave {slave:F0} s, and its own boot"));
        }
    }

    private static string Start(VmDetail vm)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"class {vm.Class}, order {vm.Order}");
        text += vm.StartDelaySeconds > 0 ? string.Create(CultureInfo.InvariantCulture, $", then a pause of {vm.StartDelaySeconds:0.#} s") : "";
        return text + (vm.Appliance.Length > 0 ? $", vApp {vm.Appliance}" : "");
    }

    private static string Memory(VmDetail vm) => $"a start needs {MemoryRules.Text(vm.NeedBytes)}" + (vm.DynamicMinBytes == vm.DynamicMaxBytes ? ""
        : $"; its range is {MemoryRules.Text(vm.DynamicMinBytes)} to {MemoryRules.Text(vm.DynamicMaxBytes)}");

    private static string Fate(VmDetail vm) => vm switch
    {
        { Protected: false } => $"not protected: {vm.ProtectedWhy}",
        { On: "", Wanted: true } => "runs nowhere, and should",
        { On: "" } => "stays down: it was stopped",
        _ => vm.IfItsHostFails,
    };

    private static int Urgency(VmDetail vm) => vm switch
    {
        { Protected: true, Wanted: true, On: "" } => 0,
        { Protected: true, ComesBack: false, On.Length: > 0 } => 0,
        { Protected: true } => 1,
        _ => 2,
    };

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
