using TwoNodeHa.Core.Config;
using TwoNodeHa.Core.Control;
using TwoNodeHa.Ctl.Output;

namespace TwoNodeHa.Ctl.Verbs;

/// <summary><c>vm list</c> and <c>vm show</c>: what is protected, what fits where, what would come back.</summary>
internal static class VmVerb
{
    private const int NamesMax = 3;

    public static int List(CtlContext context, GlobalOptions options)
    {
        var (report, failed) = Read(options);
        return Printer.Print(context, options.Json, report is null ? failed : Listed(context, options, report));
    }

    public static int Show(CtlContext context, GlobalOptions options, string name)
    {
        var (report, failed) = Read(options);
        return Printer.Print(context, options.Json, report is null ? failed : Shown(context, options, report, name));
    }

    private static CtlReport Listed(CtlContext context, GlobalOptions options, VmReport report) => new()
    {
        Verb = "vm",
        ExitCode = ExitCode.Ok,
        Text = Age(report),
        Vms = report,
        Human = options.Json ? "" : VmText.List(report, context.Screen),
    };

    private static CtlReport Shown(CtlContext context, GlobalOptions options, VmReport report, string name)
    {
        var found = report.Vms.Where(vm => vm.Name == name || vm.Uuid.ToString().Equals(name, StringComparison.OrdinalIgnoreCase)).ToList();
        return found.Count == 1
            ? new CtlReport
            {
                Verb = "vm",
                ExitCode = ExitCode.Ok,
                Text = Age(report),
                Vms = report with { Vms = [found[0]] },
                Human = options.Json ? "" : VmText.Show(found[0], context.Screen),
            }
            : new CtlReport { Verb = "vm", ExitCode = ExitCode.Refused, Text = found.Count == 0 ? Unknown(report, name) : Ambiguous(found, name) };
    }

    private static string Unknown(VmReport report, string name) => report.Vms.IsEmpty
        ? "no VM is known: the toolstack's database was not read yet"
        : $"the pool has no VM {name}; the nearest are " + string.Join(", ", report.Vms.Select(static vm => vm.Name).Distinct()
            .OrderBy(known => NearestWord.Distance(name.ToUpperInvariant(), known.ToUpperInvariant())).Take(NamesMax));

    private static string Ambiguous(List<VmDetail> found, string name) =>
        $"{found.Count} VMs are called {name}; say which by its uuid: {string.Join(", ", found.Select(static vm => vm.Uuid))}";

    /// <summary>Said only when it is old enough to matter.</summary>
    private static string Age(VmReport report) => report.FactsAgeSeconds switch
    {
        null => "The toolstack's database was not read yet.",
        > 120 and var age => $"The pool's records are {Words.Age(age)} old.",
        _ => "",
    };

    private static (VmReport? Report, CtlReport Failed) Read(GlobalOptions options)
    {
        var exchange = ControlClient.Ask(LocalConfigFile.ControlSocket(options), new ControlRequest.Vms(), options.Timeout);
        return exchange.Answer switch
        {
            { Ok: true, Vms: { } report } => (report, new CtlReport { Verb = "vm", ExitCode = ExitCode.Ok, Text = "" }),
            { Ok: true } => (null, new CtlReport { Verb = "vm", ExitCode = ExitCode.Garbled, Text = "the daemon's answer contains no VMs (another version?)" }),
            { } answer => (null, new CtlReport { Verb = "vm", ExitCode = ExitCode.Refused, Text = answer.Text }),
            _ => (null, new CtlReport { Verb = "vm", ExitCode = exchange.ExitCode, Text = exchange.Trouble }),
        };
    }
}
